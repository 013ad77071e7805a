-- Pushes row jobs and moves the checkpoint, or does neither where the checkpoint is not the expected one, or where
-- the lease is gone: it lapsed, or somebody wants the dispatcher to look at the import.
-- The rows' numbers come as the first of a run, or as a list where some between them are left out.
local checkpoint, lease, queue = KEYS[1], KEYS[2], KEYS[3]
local expected, row, line, offset, within = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local blank, short = ARGV[6], ARGV[7]
local lease_milliseconds, job_prefix, id_prefix = ARGV[8], ARGV[9], ARGV[10]
local constants, numbers = cjson.decode(ARGV[11]), cjson.decode(ARGV[12])
local first = 13
local is_run = type(numbers) == 'number'

local current = redis.call('HGET', checkpoint, 'offset')
if current ~= expected then
    if current == offset then return {'done', redis.call('LLEN', queue)} end
    return {'lost', 0}
end
if redis.call('EXISTS', lease) == 0 then return {'unleased', 0} end
local ids = {}
for place = 1, #ARGV - first + 1 do
    local id = id_prefix .. (is_run and numbers + place - 1 or numbers[place])
    redis.call('HSET', job_prefix .. id, 'data', ARGV[first + place - 1], unpack(constants))
    ids[place] = id
end
local length
if #ids > 0 then length = redis.call('RPUSH', queue, unpack(ids)) else length = redis.call('LLEN', queue) end
redis.call('SET', lease, 1, 'PX', lease_milliseconds)
redis.call('HSET', checkpoint, 'row', row, 'line', line, 'offset', offset, 'within', within,
    'blank', blank, 'short', short)
return {'pushed', length}
