-- Forgets the tries of one address with one e-mail address, and takes one off all tries of the address.
redis.call('DEL', KEYS[1])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('DECR', KEYS[2]) end
