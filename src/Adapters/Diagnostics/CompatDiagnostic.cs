namespace Compat.Adapters.Diagnostics;

/// <summary>One thing that cannot be carried over, with the number of the guide's page about it.</summary>
/// <param name="Id">The number, for example <c>COMPAT0702</c>; its page is <c>migration-guide/diagnostics/COMPAT0702.md</c>.</param>
/// <param name="Text">What was found, why it cannot be carried over and what to do.</param>
public sealed record CompatDiagnostic(string Id, string Text)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Id}: {Text}";
}
