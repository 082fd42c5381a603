-- ARGV: now, hunter. Answers: ok.
give_up_seat(ARGV[2])
forget_place(ARGV[2])
return { 0 }
