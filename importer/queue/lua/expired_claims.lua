-- Returns the claims whose lease has lapsed, by Redis's own clock.
local now = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], 0, now[1] * 1000 + math.floor(now[2] / 1000))
