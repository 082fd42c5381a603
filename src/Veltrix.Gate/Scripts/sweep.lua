-- ARGV: now, patience in ms, most of each kind. Answers: ok, how many seats and places ran out, servers whose lease ran out.
if not epoch then return { REBUILDING } end
local patience, most = tonumber(ARGV[2]), ARGV[3]
local lost = redis.call('ZRANGEBYSCORE', LOST, '-inf', whole(now), 'LIMIT', 0, most)
for i = 1, #lost do give_up_seat(lost[i]) end
local gone = redis.call('ZRANGEBYSCORE', SEEN, '-inf', whole(now - patience), 'LIMIT', 0, most)
for i = 1, #gone do forget_place(gone[i]) end
return { 0, math.max(#lost, #gone), redis.call('ZRANGEBYSCORE', SERVERS, '-inf', whole(now)) }
