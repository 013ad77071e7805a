-- Counts the row jobs of every import, waiting or claimed, all at one moment. Returns import ids and counts in turn.
local low, intermediate, claims, claim_prefix = KEYS[1], KEYS[2], KEYS[3], ARGV[1]
local counts = {}
local function count_in(list)
    for _, id in ipairs(redis.call('LRANGE', list, 0, -1)) do
        local import_id = string.match(id, '^[^_]*')
        counts[import_id] = (counts[import_id] or 0) + 1
    end
end
count_in(low)
count_in(intermediate)
for _, claim_id in ipairs(redis.call('ZRANGE', claims, 0, -1)) do count_in(claim_prefix .. claim_id) end
local answer = {}
for import_id, count in pairs(counts) do
    answer[#answer + 1] = import_id
    answer[#answer + 1] = count
end
return answer
