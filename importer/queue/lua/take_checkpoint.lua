-- Deletes checkpoint, lease and share; returns the row number at which the checkpoint stood.
local row = redis.call('HGET', KEYS[1], 'row')
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return row
