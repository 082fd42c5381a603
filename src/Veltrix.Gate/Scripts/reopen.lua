-- ARGV: now, term. The epoch is the time in microseconds, so it never comes twice. Answers: ok, opened (1|0: it is open, or a newer term has published).
if epoch or tonumber(ARGV[2]) < tonumber(redis.call('HGET', GATE, 'term') or 0) then return { 0, 0 } end
redis.call('HSET', GATE, 'term', ARGV[2])
local time = redis.call('TIME')
-- Seats that are there already were reported by servers: the gate was open before.
if redis.call('HLEN', SEATS) > 0 then redis.call('HSET', GATE, 'reopened', whole(now)) end
redis.call('SET', EPOCH, whole(tonumber(time[1]) * 1000000 + tonumber(time[2])))
return { 0, 1 }
