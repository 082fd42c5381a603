-- What every script of a hunt's gate begins with: its keys and the time.
-- Every script declares all keys: Garnet locks what is declared and nothing else, and that lock is what makes a script one step there. Redis runs one script at a time anyway.
local EPOCH, SEATS, LOST, WAITING, PASSES, SEEN, BY_PASS, SERVERS, GATE, AUDIT, ADDRESSES = unpack(KEYS)

-- Milliseconds since 1970 by the store's clock, so that the clocks of servers do not matter. Tests hand in a time of their own.
local now = tonumber(ARGV[1])
if now == 0 then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- No epoch: the keys were lost or never made. Whoever seats hunters answers {REBUILDING} then.
local epoch = redis.call('GET', EPOCH)
local REBUILDING = -1

-- As Redis wants a number: without an exponent, which is how Lua writes large ones.
local function whole(n) return string.format('%.0f', n) end

local function waiting() return redis.call('ZCARD', WAITING) + redis.call('ZCARD', PASSES) end

-- A server lives as long as its lease. Seats of any other are only lent to it.
local function lives(server)
  local lease = redis.call('ZSCORE', SERVERS, server)
  return lease and tonumber(lease) > now
end

-- A server has reported when the last part of its report came while the mark of the first was there: keys that are lost meanwhile take the mark with them. The lease and the mark are in
-- two keys on purpose: Garnet may lose all keys in the middle of a script, and one that is just being written can then come back as it was, but not both.
local function mark(server) return 'report:' .. server end
local function has_reported(server) return lives(server) and redis.call('HGET', GATE, mark(server)) == '2' end

-- The seat is free again after the time given, unless its hunter connects before.
local function keep(hunter, until_ms) redis.call('ZADD', LOST, whole(until_ms), hunter) end

-- The hunter has no connection any more; the seat is kept for some ms.
local function lose(hunter, ms)
  redis.call('HSET', SEATS, hunter, '')
  keep(hunter, now + ms)
end

-- The seat is a server's, and lives as long as that server's lease.
local function attach(hunter, server)
  redis.call('HSET', SEATS, hunter, server)
  redis.call('ZREM', LOST, hunter)
end

local function forget_place(hunter)
  redis.call('ZREM', WAITING, hunter)
  redis.call('ZREM', PASSES, hunter)
  redis.call('ZREM', SEEN, hunter)
end

local function give_up_seat(hunter)
  redis.call('ZREM', LOST, hunter)
  if redis.call('HDEL', SEATS, hunter) == 1 then
    redis.call('SREM', BY_PASS, hunter)
    redis.call('HINCRBY', GATE, 'leaves', 1)
  end
end

-- A gate that was opened over seats had lost its keys. Some who had a seat nobody could report, as their server had died or hung: for a while after the opening they come back, and nobody new is let in.
-- Theirs is this order in the waiting list, before all lots and times of arrival.
local RETURNS = -1
local RETURN_WITHIN = 15000
local function is_returning()
  local opened = tonumber(redis.call('HGET', GATE, 'reopened') or 0)
  -- A clock that was set back ends it.
  return epoch and now >= opened and now < opened + RETURN_WITHIN
end

-- What was published, in the order in which HuntGate reads it.
local function published()
  return redis.call('HMGET', GATE, 'limit', 'pace', 'pause', 'brownout_memory', 'brownout_lag', 'guard', 'reason', 'cause', 'pinned', 'ceiling', 'audit', 'at')
end
