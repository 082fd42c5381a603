namespace Veltrix.Hosting.Tests.Configuration;

/// <summary>Where a database is may be shown to everybody, so no password may stand in it.</summary>
public sealed class ConnectionTextTests
{
    [Theory]
    [InlineData("sqlite")]
    [InlineData("Host=db;Database=veltrix;Username=veltrix")]
    [InlineData("host=127.0.0.1; port=5432; database=veltrix; username=veltrix; SSL Mode=VerifyFull")]
    [InlineData("Host='/var/run/postgresql';Database=veltrix")]
    public void A_connection_names_a_host_and_comes_back_as_it_was_written(string text)
    {
        Assert.True(Keys.ControlDatabase.TryRead(text, out var value, out var fault), fault);
        Assert.Equal(text, Keys.ControlDatabase.Write(value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("postgres")]
    [InlineData("SQLITE")]
    [InlineData("Database=veltrix")]
    [InlineData("Host=;Database=veltrix")]
    [InlineData("postgresql://veltrix@db/veltrix")]
    [InlineData("Host='db")]
    public void What_names_no_host_is_refused_with_an_example(string text)
    {
        Assert.False(Keys.ControlDatabase.TryRead(text, out _, out var fault));
        Assert.Contains("Host=db;Database=veltrix;Username=veltrix", fault);
    }

    [Theory]
    [InlineData("Host=db;Password=hush-hush")]
    [InlineData("Host=db;PWD=hush-hush;Database=veltrix")]
    [InlineData("Host=db; psw = 'hush-hush'")]
    [InlineData("Host=db;SSL Password=hush-hush")]
    [InlineData("password=hush-hush")]
    [InlineData("Host=db;Password='hush-hush")]
    public void A_password_is_refused_and_no_fault_repeats_it(string text)
    {
        var faults = ConfigFile.Read("hunt-config.yml", $"control.database: \"{text}\"").Faults;
        using var settings = new Settings();
        var reload = settings.Load(ConfigFile.Read("hunt-config.yml", $"control.database: \"{text}\""));

        Assert.False(reload.Ok);
        Assert.All(faults.Concat(reload.Faults), fault => Assert.DoesNotContain("hush-hush", fault.ToString()));
        if (text.StartsWith("Host=db", StringComparison.Ordinal) && text.Count(letter => letter == '\'') != 1) Assert.Contains("control.password_file", reload.Faults[0].Message);
    }

    [Theory]
    [InlineData("/run/secrets/control", true)]
    [InlineData("none", true)]
    [InlineData("", false)]
    public void A_path_is_any_text_and_none_is_no_path(string text, bool isRead) => Assert.Equal(isRead, Keys.ControlPasswordFile.TryRead(text, out _, out _));

    [Fact]
    public void Paths_come_back_from_their_text() =>
        Assert.All(["/a b/ü", "none"], text => Assert.Equal(text, Keys.ControlPasswordFile.TryRead(text, out var value, out _) ? Keys.ControlPasswordFile.Write(value) : null));
}
