using CsCheck;
using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

public class CrowdTests
{
    const int Seconds = 400;

    static readonly Gen<(double Arrivals, double Limit, double Pace, bool Pause)[]> Hunt =
        Gen.Select(Gen.Double[0, 1500], Gen.Double[0, 30_000], Gen.Double[0, 3000], Gen.Int[0, 9]).Select((a, l, p, pause) => (a < 300 ? 0 : a, l, p, pause == 0)).Array[Seconds];

    [Fact]
    public void Nobody_appears_and_nobody_is_lost() => Hunt.Sample(hunt =>
    {
        var crowd = new Crowd(PlantParameters.Nominal, Seconds);
        for (var second = 0; second < Seconds; second++)
        {
            var (before, arrivals) = (crowd.Seated, hunt[second].Arrivals);
            crowd.Step(second, arrivals, hunt[second].Limit, hunt[second].Pace, hunt[second].Pause, 300, 0);

            Assert.Equal(crowd.Arrived, crowd.Seated + crowd.Waiting + crowd.GaveUp + crowd.Left, 1e-6 * (1 + crowd.Arrived));
            // The gate: nothing over the limit, the pace or a pause, and nobody who plays is put out.
            Assert.InRange(crowd.Joins, 0, Math.Min(PlantParameters.Nominal.SeatsPerSecond, hunt[second].Pace));
            if (crowd.Joins > 0) Assert.InRange(before + crowd.Joins, 0, hunt[second].Limit + 1e-6);
            if (hunt[second].Pause) Assert.Equal(0, crowd.Joins);
            Assert.Equal(before / PlantParameters.Nominal.SeatSeconds, crowd.Leaves, 1e-9);
        }
        Assert.Equal(crowd.Seated + crowd.Left, crowd.Waits.Sum(), 1e-5 * (1 + crowd.Arrived));
    }, iter: 60);

    [Fact]
    public void Who_came_first_is_seated_first() => Hunt.Sample(hunt =>
    {
        var crowd = new Crowd(PlantParameters.Nominal, Seconds);
        var waits = new double[Seconds + 1];
        // The same in the simplest way: what is left of each second's arrivals, one number each.
        var queue = new double[Seconds];
        for (var second = 0; second < Seconds; second++)
        {
            crowd.Step(second, hunt[second].Arrivals, hunt[second].Limit, hunt[second].Pace, hunt[second].Pause, 300, 0);

            queue[second] = hunt[second].Arrivals;
            for (var i = 0; i <= second; i++) queue[i] *= 1 - 1 / PlantParameters.Nominal.PatienceSeconds;
            var joins = crowd.Joins;
            for (var i = 0; i <= second; i++)
            {
                var taken = Math.Min(queue[i], joins);
                queue[i] -= taken;
                joins -= taken;
                waits[second - i] += taken;
            }
        }
        for (var wait = 0; wait <= Seconds; wait++) Assert.Equal(waits[wait], crowd.Waits[wait], 1e-4 * (1 + crowd.Arrived) / 100);
    }, iter: 30);

    [Fact]
    public void A_very_long_wait_does_not_wear_out_the_queue()
    {
        var plant = PlantParameters.Nominal with { PatienceSeconds = 2 };
        var crowd = new Crowd(plant, 5000);
        for (var second = 0; second < 5000; second++) crowd.Step(second, 10, second < 4000 ? 0 : 1e9, double.PositiveInfinity, false, 300, 0);

        Assert.Equal(crowd.Arrived, crowd.Seated + crowd.Waiting + crowd.GaveUp + crowd.Left, 1e-3);
        Assert.Equal(0, crowd.Waiting, 1e-9);
    }
}
