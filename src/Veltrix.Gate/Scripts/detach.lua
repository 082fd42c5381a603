-- ARGV: now, hunter, server, grace in ms. Answers: ok.
if not epoch then return { REBUILDING } end
local hunter, server, grace = ARGV[2], ARGV[3], tonumber(ARGV[4])
-- A seat that has moved to another server, or already counts its grace, is left alone.
if redis.call('HGET', SEATS, hunter) == server then
  redis.call('HSET', SEATS, hunter, '')
  keep(hunter, now + grace)
end
return { 0 }
