namespace Compat.Torch.Training;

/// <summary>A list for a message, cut after a few.</summary>
internal static class FirstNames
{
    private const int Most = 5;

    /// <summary>Names the first few and counts the rest.</summary>
    /// <param name="names">The names.</param>
    /// <returns>For example <c>a, b, c, d, e and 12 more</c>.</returns>
    public static string Of(IReadOnlyCollection<string> names) =>
        string.Join(", ", names.Take(Most)) + (names.Count > Most ? $" and {names.Count - Most} more" : string.Empty);
}
