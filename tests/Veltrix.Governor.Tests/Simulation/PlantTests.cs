using Veltrix.Governor.Simulation;

namespace Veltrix.Governor.Tests.Simulation;

public class PlantTests
{
    [Fact]
    public void A_plant_written_is_the_plant_read()
    {
        var plant = PlantParameters.Nominal with { Capacity = 3100.5, MemoryDelaySeconds = 7 };

        Assert.Equal(plant, PlantParameters.Parse(plant.ToJson(), "plant.json"));
        Assert.Equal(PlantParameters.Nominal with { Capacity = 100 }, PlantParameters.Parse("""{ "capacity": 100, } // the rest is nominal""", "plant.json"));
    }

    [Theory]
    [InlineData("""{"capcity": 100}""", "plant.json is no plant: ", "capacity")]
    [InlineData("[]", "plant.json is no plant: ", "memory_per_seat")]
    [InlineData("null", "plant.json is no plant: there is no object", "")]
    [InlineData("""{"seat_seconds": 0, "memory_noise": -1}""", "plant.json: memory_noise is -1; at least 0 is needed.", "plant.json: seat_seconds is 0; at least 1 is needed.")]
    [InlineData("""{"lag_delay_seconds": 61}""", "at most 60", "")]
    public void A_wrong_plant_is_refused_with_all_that_is_wrong(string json, string message, string more)
    {
        var refused = Assert.Throws<SimulationException>(() => PlantParameters.Parse(json, "plant.json")).Message;

        Assert.Contains(message, refused);
        Assert.Contains(more, refused);
    }

    [Fact]
    public void A_fit_finds_the_plant_that_a_hunt_was_recorded_on()
    {
        var real = PlantParameters.Nominal with { BaseMemory = 0.31, MemoryPerSeat = 6.5e-6, MemoryPerOrphan = 9e-6, MemoryPerJoin = 8e-6, Capacity = 1900 };
        var recorded = new List<TraceSecond>();
        // Enough happens in it: two ramps, and a long time in which hunters leave.
        SimulatedHunt.Run(Scenarios.Find("twospike")!, SimulatedPolicy.Ungoverned, real, 1, recorded);

        var fit = PlantFit.Of(recorded, PlantParameters.Nominal);

        Assert.Equal(real.BaseMemory, fit.Plant.BaseMemory, 0.01);
        Assert.Equal(real.MemoryPerSeat, fit.Plant.MemoryPerSeat, 0.1 * real.MemoryPerSeat);
        Assert.Equal(real.MemoryPerOrphan, fit.Plant.MemoryPerOrphan, 0.25 * real.MemoryPerOrphan);
        Assert.Equal(real.MemoryPerJoin, fit.Plant.MemoryPerJoin, 0.15 * real.MemoryPerJoin);
        Assert.Equal(real.MemoryNoise, fit.Plant.MemoryNoise, 0.0005);
        Assert.Equal(real.Capacity, fit.Plant.Capacity, 20.0);
        Assert.True(fit.BacklogSeconds >= PlantFit.BacklogLeast);
    }

    [Fact]
    public void What_a_fitted_plant_says_of_another_crowd_is_what_happens_to_it()
    {
        var real = PlantParameters.Nominal with { MemoryPerSeat = 7.4e-6, MemoryPerJoin = 7e-6, Capacity = 2100 };
        var recorded = new List<TraceSecond>();
        SimulatedHunt.Run(Scenarios.Find("hunt002")!, new("fixed", new FixedLimit(38_000), 50_000), real, 1, recorded);
        var fitted = PlantFit.Of(recorded, PlantParameters.Nominal).Plant;

        var told = SimulatedHunt.Run(Scenarios.Find("sustain")!, new("fixed", new FixedLimit(42_000), 50_000), fitted with { MemoryNoise = 0 }, 2);
        var happens = SimulatedHunt.Run(Scenarios.Find("sustain")!, new("fixed", new FixedLimit(42_000), 50_000), real with { MemoryNoise = 0 }, 2);

        Assert.Equal(happens.PeakMemory, told.PeakMemory, 0.015);
    }

    [Fact]
    public void What_was_not_recorded_stays_nominal()
    {
        var recorded = Enumerable.Range(0, 100).Select(t => new TraceSecond(t, 0, 0, 0, 50_000, 0.35, 0, 0, 0)).ToList();

        var fit = PlantFit.Of(recorded, PlantParameters.Nominal);

        Assert.Equal(0.35, fit.Plant.BaseMemory, 0.001);
        Assert.Equal(PlantParameters.Nominal.MemoryPerSeat, fit.Plant.MemoryPerSeat, 1e-9);
        Assert.Equal(PlantParameters.Nominal.Capacity, fit.Plant.Capacity);
        Assert.Equal(0, fit.BacklogSeconds);
        Assert.Contains("at least 60", Assert.Throws<SimulationException>(() => PlantFit.Of(recorded[..59], PlantParameters.Nominal)).Message);
    }
}
