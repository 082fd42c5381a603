-- ARGV: now, server, grace in ms, hunters… Answers: ok.
local server, grace = ARGV[2], tonumber(ARGV[3])
for i = 4, #ARGV do
  -- A seat that has moved to another server, or already counts its grace, is left alone.
  if redis.call('HGET', SEATS, ARGV[i]) == server then lose(ARGV[i], grace) end
end
return { 0 }
