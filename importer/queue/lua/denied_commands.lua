-- Returns the commands, of these calls, that the user of this connection may not make; it makes none of them.
local denied = {}
for argument = 2, #ARGV do
    local words = {}
    for word in string.gmatch(ARGV[argument], '%S+') do words[#words + 1] = word == 'KEY' and ARGV[1] or word end
    local command = words[1]
    local parent, child = string.match(command, '^([^|]+)|(.+)$')
    if parent then
        words[1] = parent
        table.insert(words, 2, child)
    end
    local is_known, may = pcall(redis.acl_check_cmd, unpack(words))  -- a command can be disabled, too
    if not (is_known and may) then denied[#denied + 1] = command end
end
return denied
