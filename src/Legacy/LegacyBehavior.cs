using System.Diagnostics.CodeAnalysis;

namespace Compat.Legacy;

/// <summary>Which MMCV a trainer behaves like, where its versions (or those of PyTorch below it) differ. Everything of that kind is set here and nowhere else.</summary>
/// <example><code>new RunnerOptions { Logger = logger, Behavior = LegacyBehavior.V1_7_2 with { ZeroFilledGradients = true } }</code></example>
[SuppressMessage("Naming", "CA1707", Justification = "The numbers of versions would be one number without the underscores.")]
public sealed record LegacyBehavior
{
    /// <summary>Gets the behaviour of MMCV 1.7.2, the last version, on PyTorch ≥ 2.</summary>
    public static LegacyBehavior V1_7_2 { get; } = new();

    /// <summary>Gets the behaviour of MMCV 1.6.1 and earlier: as <see cref="V1_7_2"/>, but with <see cref="RemainderRule.FromResume"/>.</summary>
    public static LegacyBehavior V1_6_1 { get; } = new() { RemainderRule = RemainderRule.FromResume };

    /// <summary>Gets whether cleared gradients become zero rather than null.</summary>
    /// <value>
    /// The default is <see langword="false"/>, as with PyTorch ≥ 2; earlier ones fill with zeros. With zeros, momentum and weight decay still move a parameter
    /// that gets no gradient.
    /// </value>
    public bool ZeroFilledGradients { get; init; }

    /// <summary>Gets from where hooks that accumulate gradients count their last window; other hooks do not read it.</summary>
    /// <value>The default is <see cref="RemainderRule.FromStart"/>.</value>
    public RemainderRule RemainderRule { get; init; } = RemainderRule.FromStart;
}
