-- ARGV: now, hunter, order, holds a pass (1|0), claim in ms, open (1|0), comes (1|0), may have had a seat (1|0). Answers: ok, place (0: seated), seated by this call (1|0), seated, limit, waiting.
if not epoch then return { REBUILDING } end
local hunter, order, pass, claim, open = ARGV[2], ARGV[3], ARGV[4] == '1', tonumber(ARGV[5]), ARGV[6] == '1'
-- Said here and not by servers, which hear of an opening up to a second later.
if ARGV[8] == '1' and returning then order = RETURNS end

if redis.call('HEXISTS', SEATS, hunter) == 1 then
  -- A seat that waits for its hunter is kept for as long as is promised now, if the hunter is on its way. Asking alone keeps no seat: it would keep it for ever.
  local kept = ARGV[7] == '1' and redis.call('ZSCORE', LOST, hunter)
  if kept and tonumber(kept) < now + claim then keep(hunter, now + claim) end
  return { 0, 0, 0, seated, limit, waiting() }
end

-- Nobody waits: no list is touched.
if open and waiting() == 0 and grant(hunter, order, claim) then return { 0, 0, 1, seated, limit, 0 } end

-- Who has a place keeps it.
local list, other = WAITING, PASSES
if pass then list, other = PASSES, WAITING end
if redis.call('ZADD', list, 'NX', order, hunter) == 1 then redis.call('ZREM', other, hunter) end
-- One place is moved: that of a hunter who turns out to come back.
if tonumber(order) == RETURNS then redis.call('ZADD', list, 'XX', order, hunter) end
local place = redis.call('ZRANK', list, hunter)

-- Before anybody who waits in either list; between the two lists Admit chooses. What counts is the place it has.
if open and place == 0 and redis.call('ZCARD', other) == 0 and grant(hunter, redis.call('ZSCORE', list, hunter), claim) then return { 0, 0, 1, seated, limit, waiting() } end

redis.call('ZADD', SEEN, whole(now), hunter)
if not pass then place = place + redis.call('ZCARD', PASSES) end
return { 0, place + 1, 0, seated, limit, waiting() }
