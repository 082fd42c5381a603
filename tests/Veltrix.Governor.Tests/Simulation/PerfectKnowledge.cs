using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>
/// Each second lets in the most that keeps true memory and lag at a bound; no noise, no delay. Later admission never leaves more room later, so nobody without a brownout gets
/// more player-minutes: the bound that a policy is compared with.
/// </summary>
static class PerfectKnowledge
{
    public static double PlayerMinutes(Scenario scenario, PlantParameters plant, double memory, double lag)
    {
        var crowd = new Crowd(plant, scenario.Seconds);
        var seconds = 0.0;
        for (var second = 0; second < scenario.Seconds; second++)
        {
            crowd.Step(second, scenario.Arrivals(0, second), crowd.Seated + Room(crowd, plant, memory, lag), double.PositiveInfinity, false, plant.OrphanSeconds, 0);
            crowd.Log(0, 1, 0);
            Assert.InRange(crowd.Lag, 0, lag + 1e-6);
            seconds += crowd.Seated;
        }
        return seconds / 60;
    }

    static double Room(Crowd crowd, PlantParameters plant, double memory, double lag)
    {
        var leaves = crowd.Seated / plant.SeatSeconds;
        var without = plant.BaseMemory + plant.MemoryPerSeat * (crowd.Seated - leaves)
            + plant.MemoryPerOrphan * (crowd.Orphans + leaves - crowd.Orphans / plant.OrphanSeconds) + plant.MemoryPerJoin * (crowd.FreshJoins - crowd.FreshJoins / plant.JoinSeconds);
        var byMemory = (memory - without) / (plant.MemoryPerSeat + plant.MemoryPerJoin);
        var byLag = (lag - crowd.Lag + plant.Capacity - plant.EventsPerSeat * (crowd.Seated - leaves)) / (plant.EventsPerSeat + plant.EventsPerJoin);
        return Math.Max(0, Math.Min(byMemory, byLag));
    }
}
