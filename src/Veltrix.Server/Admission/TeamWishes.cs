using System.Security.Cryptography;
using Veltrix.Hunts;
using Veltrix.Server.Submissions;

namespace Veltrix.Server.Admission;

/// <summary>Turns what a hunter wrote about teams into a choice, and draws invite codes and hunters' ids.</summary>
public static class TeamWishes
{
    // Crockford's base 32: no letters that look like digits. 13 of them are 65 bits.
    const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const int InviteLength = 13;
    const int HunterLength = 16;

    public static bool TryRead(TeamWish? wish, out TeamChoice choice, out string fault)
    {
        choice = new TeamChoice.Alone();
        fault = "";
        switch (wish)
        {
            case null or { Found: null, Invite: null }:
                return true;
            case { Found: not null, Invite: not null }:
                fault = "found or invite, not both";
                return false;
            case { Invite: { } code }:
                choice = new TeamChoice.ByInvite(Normal(code));
                return true;
            case { Found: { } name }:
                if (!Nickname.TryParse(name, out var good, out fault)) return false;
                choice = new TeamChoice.Found(good, NewInvite());
                return true;
        }
    }

    public static string NewInvite() => RandomNumberGenerator.GetString(Alphabet, InviteLength);

    public static string NewHunter() => RandomNumberGenerator.GetString(Alphabet, HunterLength);

    /// <summary>The id of the one hunter that comes of these bytes: a pass or a proof that is shown twice is the same hunter twice.</summary>
    public static string HunterOf(ReadOnlySpan<byte> drawn)
    {
        Span<char> id = stackalloc char[HunterLength];
        for (var i = 0; i < HunterLength; i++) id[i] = Alphabet[drawn[i] & 31];
        return new string(id);
    }

    // As people type it: lower case, with blanks or dashes, O for 0, I or L for 1.
    static string Normal(string code) => string.Concat(code.ToUpperInvariant().Where(char.IsAsciiLetterOrDigit)).Replace('O', '0').Replace('I', '1').Replace('L', '1');
}
