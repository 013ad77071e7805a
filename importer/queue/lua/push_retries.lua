-- Makes the jobs of failed rows anew. One that is queued already gets the data of this attempt, and stays where it is;
-- where a worker holds it, that attempt is too late, and recovery has this one pushed again.
local queue, failed = KEYS[1], KEYS[2]
local job_prefix, result_prefix, id_prefix = ARGV[1], ARGV[2], ARGV[3]
local constants = cjson.decode(ARGV[4])
for argument = 5, #ARGV, 2 do
    local id = id_prefix .. ARGV[argument]
    local status = redis.call('HGET', job_prefix .. id, 'status')
    if status == 'queued' then
        redis.call('HSET', job_prefix .. id, 'data', ARGV[argument + 1])
    else
        redis.call('DEL', job_prefix .. id, result_prefix .. id)
        redis.call('ZREM', failed, id)
        redis.call('HSET', job_prefix .. id, 'data', ARGV[argument + 1], unpack(constants))
        redis.call('RPUSH', queue, id)
    end
end
return redis.call('LLEN', queue)
