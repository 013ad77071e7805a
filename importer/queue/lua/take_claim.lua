#!lua flags=allow-oom
-- Takes jobs off the queue into a claim with a lease. All are of one import, which may have a limit of its own. A
-- job with a setback is taken alone, and so is one whose id is no row job's; setbacks are looked for only while
-- there may be one. The first of them, up to a number, are entered in the registry of started jobs. A call that is
-- repeated because its reply was lost gets the same answer again. Nothing else is done job by job: each command, and
-- each value given to one, costs time. `unpack` bears about 8,000 values, more than the jobs of the largest claim.
local queue, intermediate, started, claims, claim = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local setbacks = KEYS[6]
local first, limit, lease = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local claim_id, job_prefix, shown = ARGV[4], ARGV[5], tonumber(ARGV[6])
local limits = {}
for argument = 7, #ARGV, 2 do limits[ARGV[argument]] = tonumber(ARGV[argument + 1]) end
local ids, counts, members = {}, {}, {}
local has_setbacks = redis.call('EXISTS', setbacks) == 1

local function setback_of(id)
    if not has_setbacks then return nil end
    local fields = redis.call('HMGET', job_prefix .. id, 'deaths', 'timeouts')
    if fields[1] then return {id, fields[1], fields[2] or 0} end
end

local function take(id, setback)
    ids[#ids + 1] = id
    counts[#counts + 1] = setback
    if #ids <= shown then
        members[#members + 1] = '+inf'
        members[#members + 1] = id .. ':' .. claim_id
    end
end

for _, id in ipairs(redis.call('LRANGE', claim, 0, -1)) do take(id, setback_of(id)) end
if #ids > 0 then return {ids, counts} end
if first ~= '' then
    if redis.call('LREM', intermediate, 1, first) == 0 then return {} end
    take(first, setback_of(first))
end
local head = ids[1] or redis.call('LINDEX', queue, 0)
local prefix = head and string.match(head, '^[^_]*_')
if counts[1] or not prefix then limit = 1 else limit = limits[prefix] or limit end
local neighbours = {}
if #ids < limit then neighbours = redis.call('LRANGE', queue, 0, limit - #ids - 1) end
local passed = 0
for _, id in ipairs(neighbours) do
    if prefix and string.sub(id, 1, #prefix) ~= prefix then break end
    local setback = setback_of(id)
    if setback and #ids > 0 then break end
    passed = passed + 1
    take(id, setback)
    if setback then break end
end
if #ids == 0 then return {} end
if passed > 0 then redis.call('LTRIM', queue, passed, -1) end
redis.call('ZADD', started, unpack(members))
redis.call('RPUSH', claim, unpack(ids))
local now = redis.call('TIME')
redis.call('ZADD', claims, now[1] * 1000 + math.floor(now[2] / 1000) + lease, claim_id)
return {ids, counts}
