-- KEYS: leader (who, gone after the lease), term. ARGV: candidate, lease in ms. Answers: ok, leads (1|0), term, who leads, ms left.
local LEADER, TERM = unpack(KEYS)
local candidate, lease = ARGV[1], ARGV[2]
local leader = redis.call('GET', LEADER)
if not leader then
  -- Milliseconds since 1970 at least: a term from before the store lost its keys stays the older one.
  local time = redis.call('TIME')
  local term = math.max(tonumber(redis.call('GET', TERM) or 0) + 1, tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
  redis.call('SET', TERM, string.format('%.0f', term))
elseif leader ~= candidate then
  return { 0, 0, tonumber(redis.call('GET', TERM)), leader, redis.call('PTTL', LEADER) }
end
redis.call('SET', LEADER, candidate, 'PX', lease)
return { 0, 1, tonumber(redis.call('GET', TERM)), candidate, tonumber(lease) }
