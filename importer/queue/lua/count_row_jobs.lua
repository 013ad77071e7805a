-- Counts the row jobs of an import, all at one moment: a claim that is given back between two calls would be seen
-- in neither place.
local low, intermediate, claims = KEYS[1], KEYS[2], KEYS[3]
local prefix, claim_prefix, with_claimed = ARGV[1], ARGV[2], ARGV[3] == '1'
local count = 0
local function count_in(list)
    for _, id in ipairs(redis.call('LRANGE', list, 0, -1)) do
        if string.sub(id, 1, #prefix) == prefix then count = count + 1 end
    end
end
count_in(low)
count_in(intermediate)
if with_claimed then
    for _, claim_id in ipairs(redis.call('ZRANGE', claims, 0, -1)) do count_in(claim_prefix .. claim_id) end
end
return count
