-- ARGV: now, claim in ms, share of the seats for passes, most. Answers: ok, the hunters let in…
if not epoch then return { REBUILDING } end
local claim, share, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local last = returning and RETURNS or '+inf'
local passes = redis.call('ZRANGEBYSCORE', PASSES, '-inf', last, 'WITHSCORES', 'LIMIT', 0, most)
local others = redis.call('ZRANGEBYSCORE', WAITING, '-inf', last, 'WITHSCORES', 'LIMIT', 0, most)
local by_pass = redis.call('SCARD', BY_PASS)
local answer = { 0 }
local p, o = 1, 1

while #answer <= most do
  local pass, other = passes[p], others[o]
  if not pass and not other then break end

  -- A pass goes before everybody while those seated by one are within their share; beyond it, it counts for nothing and the order alone decides.
  local first = pass and by_pass < share * limit
  if first or not other or (pass and tonumber(passes[p + 1]) <= tonumber(others[o + 1])) then
    if not grant(pass, passes[p + 1], claim) then break end
    if first and other then
      redis.call('SADD', BY_PASS, pass)
      by_pass = by_pass + 1
    end
    answer[#answer + 1] = pass
    p = p + 2
  else
    if not grant(other, others[o + 1], claim) then break end
    answer[#answer + 1] = other
    o = o + 2
  end
end
return answer
