-- ARGV: now, hunter. Answers: ok.
if not epoch then return { REBUILDING } end
give_up_seat(ARGV[2])
forget_place(ARGV[2])
return { 0 }
