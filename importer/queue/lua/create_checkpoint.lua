-- Makes a checkpoint before the first row, unless there is one.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'row', 0, 'line', ARGV[1], 'offset', ARGV[2], 'known', ARGV[3])
return 1
