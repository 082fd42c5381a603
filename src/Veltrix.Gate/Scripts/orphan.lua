-- ARGV: now, server, grace in ms, done (1|0), hunters… As Detach, for a server whose lease ran out, if it has not come back meanwhile. Answers: ok, gone (1|0).
if not epoch then return { REBUILDING } end
local server, grace = ARGV[2], tonumber(ARGV[3])
if lives(server) then return { 0, 0 } end
for i = 5, #ARGV do
  if redis.call('HGET', SEATS, ARGV[i]) == server then lose(ARGV[i], grace) end
end
if ARGV[4] == '1' then
  redis.call('ZREM', SERVERS, server)
  redis.call('HDEL', GATE, mark(server))
  redis.call('HDEL', ADDRESSES, server)
end
return { 0, 1 }
