-- ARGV: now, hunters… Only those who wait. Answers: ok.
if not epoch then return { REBUILDING } end
for i = 2, #ARGV do
  if redis.call('ZSCORE', SEEN, ARGV[i]) then redis.call('ZADD', SEEN, whole(now), ARGV[i]) end
end
return { 0 }
