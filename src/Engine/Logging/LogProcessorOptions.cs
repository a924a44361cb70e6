using System.Diagnostics.CodeAnalysis;

namespace Compat.Engine.Logging;

/// <summary>Settings of <see cref="LogProcessor"/>.</summary>
public sealed record LogProcessorOptions
{
    /// <summary>Gets over how many entries averaged values are averaged.</summary>
    /// <value>0 for all entries there are. The default is 10; it does not follow the interval of <see cref="Hooks.LoggerHookOptions"/>.</value>
    public int WindowSize { get; init; } = 10;

    /// <summary>Gets whether lines count by epoch (<c>Epoch(train) [1][10/25]</c>) or by iteration (<c>Iter(train) [10/125]</c>).</summary>
    /// <value>The default is <see langword="true"/>.</value>
    public bool ByEpoch { get; init; } = true;

    /// <summary>Gets the decimals of printed numbers.</summary>
    /// <value>The default is 4.</value>
    public int NumDigits { get; init; } = 4;

    /// <summary>Gets which keys are averaged over the window; of the others the last value is shown.</summary>
    /// <value>The default takes keys with <c>loss</c>, <c>time</c>, <c>data_time</c> or <c>grad_norm</c> in them.</value>
    [StringSyntax(StringSyntaxAttribute.Regex)]
    public string MeanPattern { get; init; } = ".*(loss|time|data_time|grad_norm).*";
}
