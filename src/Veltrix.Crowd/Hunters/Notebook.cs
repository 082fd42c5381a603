namespace Veltrix.Crowd;

/// <summary>What to send next.</summary>
/// <param name="Challenge">Index in the book.</param>
/// <param name="Right">Whether the book says that this answers it.</param>
/// <param name="Exhausted">Nothing was left to solve: sent for the traffic only.</param>
readonly record struct Guess(int Challenge, string Answer, bool Right, bool Exhausted);

/// <summary>
/// What one hunter knows of the hunt: which challenges its team has solved, which it has an answer under way for, which are beyond its attempts. Chooses what to try next.
/// One thread at a time.
/// </summary>
sealed class Notebook(AnswerBook book)
{
    [Flags]
    enum Mark : byte
    {
        None = 0,
        Solved = 1,
        UnderWay = 2,
        Spent = 4,
    }

    readonly Mark[] marks = new Mark[book.Challenges.Count];

    public int Solved { get; private set; }

    /// <summary>Nothing is left that this hunter could still solve.</summary>
    public bool Finished
    {
        get
        {
            for (int i = 0; i < marks.Length; i++)
            {
                if (IsOpen(i))
                    return false;
            }

            return true;
        }
    }

    /// <summary>
    /// The next guess: at the first open challenge from <paramref name="from"/> on, round the end. A right one goes only to a challenge without an answer under way,
    /// so that it is not a repeat; if there is none, the guess is wrong after all. With nothing left to solve it goes wrongly to the challenge at <paramref name="from"/>.
    /// </summary>
    /// <param name="serial">Makes a wrong answer unlike any other: unique in the crowd.</param>
    public Guess Next(int from, bool right, long serial)
    {
        int open = -1;
        for (int n = 0; n < marks.Length; n++)
        {
            int i = (from + n) % marks.Length;
            if (!IsOpen(i))
                continue;
            if (right && marks[i] == Mark.None)
                return new Guess(i, book.Challenges[i].Answer, true, false);
            open = open < 0 ? i : open;
            if (!right)
                break;
        }

        int target = open < 0 ? from % marks.Length : open;
        return new Guess(target, Nonsense.Word(serial), false, open < 0);
    }

    /// <summary>An answer to this challenge is on its way.</summary>
    public void Send(in Guess guess)
    {
        if (guess.Right)
            marks[guess.Challenge] |= Mark.UnderWay;
    }

    /// <summary>An answer never arrived, or was decided, its outcome not being one that <see cref="Decide"/> was told.</summary>
    public void Forget(in Guess guess)
    {
        if (guess.Right)
            marks[guess.Challenge] &= ~Mark.UnderWay;
    }

    /// <summary>An outcome of the team, one's own or a mate's.</summary>
    public void Decide(in Outcome outcome)
    {
        int i = book.IndexOf(outcome.Challenge);
        if (i < 0)
            return;
        if (outcome.Verdict == Verdict.Correct || outcome.Reason == "AlreadySolved")
        {
            if ((marks[i] & Mark.Solved) == 0)
                Solved++;
            marks[i] |= Mark.Solved;
        }
        else if (outcome.Reason == "OutOfAttempts" || outcome.AttemptsLeft == 0)
            marks[i] |= Mark.Spent;
    }

    bool IsOpen(int challenge)
    {
        if ((marks[challenge] & (Mark.Solved | Mark.Spent)) != 0)
            return false;
        foreach (int required in book.Challenges[challenge].Requires)
        {
            if ((marks[required] & Mark.Solved) == 0)
                return false;
        }

        return true;
    }
}
