-- Takes the jobs whose ids have a prefix out of a registry, and deletes them. A member is a job id, alone or with
-- an execution's id behind a colon.
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    if string.sub(member, 1, #ARGV[1]) == ARGV[1] then
        local id = string.match(member, '^[^:]+')
        redis.call('ZREM', KEYS[1], member)
        redis.call('DEL', ARGV[2] .. id, ARGV[3] .. id, ARGV[4] .. member, ARGV[5] .. id)
    end
end
