-- ARGV: now, server, lease in ms, report (0: none, 1: a part, 2: the last part), hunters connected to it…
-- Answers: ok, epoch (0: rebuilding), wants a report (1|0), seated, waiting, what was published.
local server, lease, report = ARGV[2], tonumber(ARGV[3]), ARGV[4]

-- They are playing, so no limit is asked: a gate whose keys were lost counts them again before it opens. One who has moved to a server that lives stays there.
for i = 5, #ARGV do
  local hunter = ARGV[i]
  local at = redis.call('HGET', SEATS, hunter)
  if not at or at == '' or at == server or not lives(at) then
    attach(hunter, server)
    if not at then forget_place(hunter) end
  end
end

-- Known is who has reported its seats and has not been silent for a lease since; the seats of any other may have been taken for orphans.
local known = report == '2' or lives(server)
if known then redis.call('ZADD', SERVERS, whole(now + lease), server) end
return { 0, tonumber(epoch or 0), known and 0 or 1, redis.call('HLEN', SEATS), waiting(), published() }
