-- ARGV: now, hunter, server, ms that the seat is kept where the server has no lease. Answers: ok, holds a seat (1|0).
if not epoch then return { REBUILDING } end
local hunter, server = ARGV[2], ARGV[3]
if redis.call('HEXISTS', SEATS, hunter) == 0 then return { 0, 0 } end
attach(hunter, server)
-- Nobody would ever miss a server without a lease. Its next sign of life reports all it has.
if not lives(server) then keep(hunter, now + tonumber(ARGV[4])) end
return { 0, 1 }
