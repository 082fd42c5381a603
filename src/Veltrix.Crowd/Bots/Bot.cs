namespace Veltrix.Crowd;

/// <summary>One bot: somebody with a pace and a head of their own, both drawn from the seed.</summary>
sealed class Bot
{
    const string Instance = "bot";

    static readonly TimeSpan ThinkMin = TimeSpan.FromMilliseconds(700);

    readonly int index;
    readonly BotOptions options;
    readonly BotCrowd crowd;
    readonly Random chance;
    readonly double skill;
    readonly double slowness;
    volatile Hunter? hunter;

    public Bot(int index, BotOptions options, BotCrowd crowd)
    {
        (this.index, this.options, this.crowd) = (index, options, crowd);
        chance = new Random(unchecked(options.Seed * 486_187_739 + index));
        // Up to a fifth above or below the crowd, so that the crowd's share is as asked; less where that would pass 0 or 1.
        double spread = Math.Min(0.2, Math.Min(options.Right, 1 - options.Right));
        skill = options.Right + spread * (2 * chance.NextDouble() - 1);
        slowness = Math.Pow(2, 2 * chance.NextDouble() - 1);
    }

    public async Task Live(Joining joining, AnswerBook book, LiveAddress address, CancellationToken over)
    {
        try
        {
            double late = chance.NextDouble();
            await Task.Delay(options.Arrive * (late * late), over);
            if (await joining.Join(index, over) is not { } joined)
                return;
            hunter = new Hunter(crowd, index, joined.Hunter, joined.Token, Instance, book, [address], index, boardRows: 10);
            await Task.WhenAll(hunter.Run(over), Play(hunter, book.Challenges.Count, over));
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Whether its server still speaks (<see cref="Hunter.Look"/>).</summary>
    public void Look(long now) => hunter?.Look(now);

    async Task Play(Hunter hunter, int challenges, CancellationToken over)
    {
        for (long serial = index; !hunter.Finished; serial += options.Count)
        {
            await Task.Delay(Think(), over);
            if (!crowd.IsOpen || hunter.Pending > 0 || hunter.Finished)
                continue;
            // Most take what comes first; now and then somebody jumps ahead.
            int from = chance.NextDouble() < 0.8 ? 0 : chance.Next(challenges);
            if (hunter.Submit(from, chance.NextDouble() < skill, serial) is not null)
                crowd.Submitted();
        }

        crowd.Finished();
    }

    /// <summary>Log-normal: mostly about its usual time, now and then much longer.</summary>
    TimeSpan Think()
    {
        double normal = Math.Sqrt(-2 * Math.Log(1 - chance.NextDouble())) * Math.Cos(2 * Math.PI * chance.NextDouble());
        double times = Math.Clamp(slowness * Math.Exp(0.5 * normal), 0.2, 6);
        var think = options.Think * times;
        return think > ThinkMin ? think : ThinkMin;
    }
}
