-- Pushes row jobs and moves the checkpoint, or does neither where the checkpoint is not the expected one.
local checkpoint, lease, queue = KEYS[1], KEYS[2], KEYS[3]
local expected, row, line, offset = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lease_milliseconds, job_prefix, id_prefix = ARGV[5], ARGV[6], ARGV[7]
local constants = cjson.decode(ARGV[8])

local current = redis.call('HGET', checkpoint, 'row')
if current ~= expected then
    if current == row then return {'done', redis.call('LLEN', queue)} end
    return {'lost', 0}
end
local ids = {}
for argument = 9, #ARGV, 2 do
    local id = id_prefix .. ARGV[argument]
    redis.call('HSET', job_prefix .. id, 'data', ARGV[argument + 1], unpack(constants))
    ids[#ids + 1] = id
end
local length
if #ids > 0 then length = redis.call('RPUSH', queue, unpack(ids)) else length = redis.call('LLEN', queue) end
redis.call('SET', lease, 1, 'PX', lease_milliseconds)
redis.call('HSET', checkpoint, 'row', row, 'line', line, 'offset', offset)
return {'pushed', length}
