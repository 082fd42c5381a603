-- ARGV: now, term, field, value, field, value… Answers: ok, published (1|0: a newer term has published).
local term = tonumber(ARGV[2])
if term < tonumber(redis.call('HGET', GATE, 'term') or 0) then return { 0, 0 } end
redis.call('HSET', GATE, 'term', ARGV[2])
for i = 3, #ARGV, 2 do redis.call('HSET', GATE, ARGV[i], ARGV[i + 1]) end
return { 0, 1 }
