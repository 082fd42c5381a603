-- The one rule by which a seat is given. Ask and Admit share it, and no other script gives a seat to a hunter who was not playing already.
local rule = redis.call('HMGET', GATE, 'limit', 'pace', 'pause', 'audit', 'tokens', 'filled')
local limit, pace = tonumber(rule[1] or 0), tonumber(rule[2] or 0)
local paused, audited = rule[3] == '1', rule[4] == '1'
local seated = redis.call('HLEN', SEATS)

-- The pace is a bucket of tokens that holds a second's worth, at least one: a quiet hour saves up no burst.
local burst = math.max(1, pace)
local filled = tonumber(rule[6] or now)
if filled > now then
  -- The clock was set back: without this the bucket would stand still until it is where it was.
  filled = now
  redis.call('HSET', GATE, 'filled', whole(now))
end
local tokens = math.min(burst, tonumber(rule[5] or burst) + (now - filled) * pace / 1000)

local returning = is_returning()

local function grant(hunter, order, claim)
  if seated >= limit then return false end
  -- Who returns played a moment ago: a pause and the pace of joins hold up newcomers, and nobody who only lost a connection.
  local returns = tonumber(order) == RETURNS
  if not returns and (returning or paused or (pace > 0 and tokens < 1)) then return false end
  if audited then
    redis.call('RPUSH', AUDIT, whole(seated) .. ' ' .. whole(limit) .. ' ' .. whole(now) .. ' ' .. hunter)
    redis.call('LTRIM', AUDIT, -200000, -1)
  end
  redis.call('HSET', SEATS, hunter, '')
  keep(hunter, now + claim)
  forget_place(hunter)
  redis.call('HINCRBY', GATE, 'joins', 1)
  if pace > 0 and not returns then
    tokens = tokens - 1
    redis.call('HSET', GATE, 'tokens', string.format('%.6f', tokens), 'filled', whole(now))
  end
  seated = seated + 1
  return true
end
