-- ARGV: now, server, lease in ms, report (0: none), begins (1|0), ends (1|0), ms that a seat is kept which is not in the report,
-- where clients find it (empty: nobody is sent there), then each hunter and how many ms of its grace are left (0: it is connected)…
-- Answers: ok, epoch (0: rebuilding), wants a report (1|0), seated, waiting, what was published, where other servers are, for those alone who come back (1|0).
local server, lease, reports, begins, ends = ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1', ARGV[6] == '1'

-- A report is all that the server has. What else is down as its own, from a run before this one or because word of a lost connection never came, waits for its hunter from now on.
-- A server not on the list has nothing: its seats were taken for orphans, or are only lent. So the long way through all seats is gone only by one that is back within its lease.
local back = reports and begins and redis.call('ZSCORE', SERVERS, server)
if reports and begins then redis.call('HSET', GATE, mark(server), '1') end
if back then
  local seats = redis.call('HGETALL', SEATS)
  for i = 1, #seats, 2 do
    if seats[i + 1] == server then lose(seats[i], tonumber(ARGV[7])) end
  end
end

-- They are playing, so no limit is asked: a gate whose keys were lost counts them again before it opens. One who has moved to a server that lives stays there.
-- One in its grace has a seat nobody else tells of, if the store has lost its keys; otherwise the store knows better.
for i = 9, #ARGV, 2 do
  local hunter, left = ARGV[i], tonumber(ARGV[i + 1])
  local at = redis.call('HGET', SEATS, hunter)
  if left > 0 then
    if not at and not epoch then
      lose(hunter, left)
      forget_place(hunter)
    end
  elseif not at or at == '' or at == server or not lives(at) then
    attach(hunter, server)
    if not at then forget_place(hunter) end
  end
end

-- Known is who has reported and has not been silent for a lease since.
local known = false
if not reports then
  known = has_reported(server)
  if known then redis.call('ZADD', SERVERS, 'XX', whole(now + lease), server) end
elseif ends then
  redis.call('ZADD', SERVERS, whole(now + lease), server)
  known = redis.call('HEXISTS', GATE, mark(server)) == 1
  if known then redis.call('HSET', GATE, mark(server), '2') else redis.call('ZREM', SERVERS, server) end
end

if ARGV[8] ~= '' and lives(server) then redis.call('HSET', ADDRESSES, server, ARGV[8]) else redis.call('HDEL', ADDRESSES, server) end
local elsewhere, addresses = {}, redis.call('HGETALL', ADDRESSES)
for i = 1, #addresses, 2 do
  if addresses[i] ~= server and lives(addresses[i]) then elsewhere[#elsewhere + 1] = addresses[i + 1] end
end
return { 0, tonumber(epoch or 0), known and 0 or 1, redis.call('HLEN', SEATS), waiting(), published(), elsewhere,
  is_returning() and 1 or 0 }
