using Veltrix.Control;
using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Admission;

/// <summary>A token says what it allows, and nobody but the server can write one.</summary>
public sealed class KeyringTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-test-").FullName;
    readonly Keyring keyring;

    public KeyringTests() => keyring = Keyring.Open(folder);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(Scopes.Hunter, "quiz", "0123456789ABCDEF")]
    [InlineData(Scopes.Organiser | Scopes.Relay | Scopes.Replay, "*", "replay")]
    [InlineData(Scopes.Audit, "a-b", "with.dots and ünïcödé")]
    public void A_token_reads_back_as_what_it_was_issued_for(Scopes scopes, string hunt, string subject) =>
        Assert.Equal(new Grant(scopes, hunt, subject), keyring.Read(keyring.Issue(scopes, hunt, subject)));

    [Fact]
    public void A_token_holds_over_a_restart_and_in_no_other_servers_folder()
    {
        var token = keyring.Issue(Scopes.Hunter, "quiz", "ada");
        Assert.NotNull(Keyring.Open(folder).Read(token));
        var other = Directory.CreateTempSubdirectory("veltrix-test-");
        try
        {
            Assert.Null(Keyring.Open(other.FullName).Read(token));
        }
        finally
        {
            other.Delete(recursive: true);
        }
    }

    [Fact]
    public void No_change_of_a_single_character_leaves_a_token_valid()
    {
        var token = keyring.Issue(Scopes.Hunter, "quiz", "ada");
        for (var at = 0; at < token.Length; at++)
            foreach (var put in "A_.!é")
                if (token[at] != put)
                {
                    var forged = token[..at] + put + token[(at + 1)..];
                    // The last character carries two bits of nothing; a decoder that ignores them reads the same signature.
                    if (at == token.Length - 1 && put is 'A' or '_') continue;
                    Assert.Null(keyring.Read(forged));
                }
    }

    [Fact]
    public void A_token_that_was_cut_or_lengthened_anywhere_is_void()
    {
        var token = keyring.Issue(Scopes.Hunter, "quiz", "ada");
        for (var length = 0; length < token.Length; length++) Assert.Null(keyring.Read(token[..length]));
        Assert.Null(keyring.Read(token + "A"));
        Assert.Null(keyring.Read(token + ".A"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("....")]
    [InlineData("v1....")]
    [InlineData("v1.MQ.cXVpeg.YWRh.")]
    [InlineData("v1.MQ.cXVpeg.YWRh.!!!")]
    [InlineData("v1.MQ.cXVpeg.YWRh.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("v2.MQ.cXVpeg.YWRh.AAAA")]
    [InlineData("Bearer v1")]
    public void What_is_no_token_grants_nothing(string text) => Assert.Null(keyring.Read(text));

    [Fact]
    public void A_grant_is_good_for_its_own_scopes_and_its_own_hunt()
    {
        var hunter = new Grant(Scopes.Hunter, "quiz", "ada");
        Assert.True(hunter.Allows(Scopes.Hunter, "quiz"));
        Assert.False(hunter.Allows(Scopes.Hunter, "other"));
        Assert.False(hunter.Allows(Scopes.Organiser, "quiz"));
        Assert.True(new Grant(Scopes.Audit, "*", "all").Allows(Scopes.Audit | Scopes.Organiser, "quiz"));
    }

    [Fact]
    public void Every_key_that_holds_verifies_the_newest_signs_and_the_oldest_draws()
    {
        var now = DateTimeOffset.UtcNow;
        var (old, made) = (Key(1, now.AddHours(-1)), Key(2, now.AddMinutes(-1)));
        var keys = new ControlKeys([old], [], now);
        var ring = new Keyring(() => keys, TimeProvider.System);
        var (token, sealedText, lot) = (ring.Issue(Scopes.Hunter, "quiz", "ada"), new Ticket("quiz", "ada", 1, true, false).Sign(ring), Ticket.Lot(ring, "quiz", "ada"));

        keys = new ControlKeys([made, old], [], now);
        Assert.NotEqual(token, ring.Issue(Scopes.Hunter, "quiz", "ada"));
        Assert.Equal(ring.Read(token), ring.Read(ring.Issue(Scopes.Hunter, "quiz", "ada")));
        Assert.NotNull(Ticket.Read(ring, "quiz", sealedText));
        Assert.Equal(lot, Ticket.Lot(ring, "quiz", "ada"));

        keys = new ControlKeys([made], [], now);
        Assert.Null(ring.Read(token));
        Assert.Null(Ticket.Read(ring, "quiz", sealedText));
    }

    [Fact]
    public void An_access_key_is_what_its_row_says_while_there_is_one()
    {
        var now = DateTimeOffset.UtcNow;
        var signing = Key(1, now.AddHours(-1));
        var row = new AccessKey { Id = "00ff", Scopes = (int)(Scopes.Organiser | Scopes.Relay), Hunt = "quiz", Name = "anna", IssuedMs = 0, IssuedBy = "admin", Why = "", SignedBy = signing.Id };
        var keys = new ControlKeys([signing], [row], now);
        var ring = new Keyring(() => keys, TimeProvider.System);
        var token = ring.Issue(row);
        var grant = ring.Read(token)!;
        Assert.Equal(new Grant(Scopes.Organiser | Scopes.Relay, "quiz", "anna", "00ff"), grant);
        Assert.True(ring.Holds(grant));
        // Nobody makes one of a token that carries what it says, nor the other way round.
        Assert.Null(ring.Read("v1" + token[2..]));
        Assert.Null(ring.Read("v2" + ring.Issue(Scopes.Organiser, "*", "00ff")[2..]));

        keys = new ControlKeys([signing], [row with { UntilMs = now.ToUnixTimeMilliseconds() }], now);
        Assert.Null(ring.Read(token));
        keys = new ControlKeys([signing], [], now);
        Assert.Null(ring.Read(token));
        Assert.False(ring.Holds(grant));
        keys = new ControlKeys([Key(2, now)], [row], now);
        Assert.Null(ring.Read(token));
    }

    static SigningKey Key(int number, DateTimeOffset made) => SigningKey.Of(SigningKey.NewSecret(), number, made, "", "");

    [Fact]
    public void Key_files_are_readable_by_their_owner_only()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no file modes.");
        else Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "token.key")));
    }

    [Fact]
    public void A_damaged_key_file_is_named_with_what_to_do()
    {
        File.WriteAllText(Path.Combine(folder, "token.key"), "not hexadecimal");
        Assert.Contains("token.key", Assert.Throws<InvalidDataException>(() => Keyring.Open(folder)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    public void A_key_that_is_too_short_to_be_secret_is_refused(string hex)
    {
        File.WriteAllText(Path.Combine(folder, "token.key"), hex);
        Assert.Throws<InvalidDataException>(() => Keyring.Open(folder));
    }
}
