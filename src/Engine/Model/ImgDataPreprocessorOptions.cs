namespace Compat.Engine.Model;

/// <summary>Settings of <see cref="ImgDataPreprocessor"/>.</summary>
/// <remarks>Source: the arguments of MMEngine's <c>ImgDataPreprocessor</c>.</remarks>
public sealed record ImgDataPreprocessorOptions
{
    /// <summary>Gets what is subtracted from each channel, in the order that the channels have after they were exchanged.</summary>
    /// <value>3 values, or 1 for all channels; set together with <see cref="Std"/>. The default is <see langword="null"/>: nothing is normalised.</value>
    public IReadOnlyList<double>? Mean { get; init; }

    /// <summary>Gets what each channel is divided by afterwards.</summary>
    /// <value>3 values, or 1 for all channels; set together with <see cref="Mean"/>. The default is <see langword="null"/>: nothing is normalised.</value>
    public IReadOnlyList<double>? Std { get; init; }

    /// <summary>Gets what height and width of a batch are a multiple of; what is missing is added at the right and at the bottom.</summary>
    /// <value>At least 1. The default is 1.</value>
    public int PadSizeDivisor { get; init; } = 1;

    /// <summary>Gets the value of added pixels; it is not normalised.</summary>
    /// <value>The default is 0.</value>
    public double PadValue { get; init; }

    /// <summary>Gets whether images come as blue, green, red and the model wants red, green, blue.</summary>
    /// <value>The default is <see langword="false"/>. Not together with <see cref="RgbToBgr"/>.</value>
    public bool BgrToRgb { get; init; }

    /// <summary>Gets whether images come as red, green, blue and the model wants blue, green, red.</summary>
    /// <value>The default is <see langword="false"/>. Not together with <see cref="BgrToRgb"/>.</value>
    public bool RgbToBgr { get; init; }

    /// <summary>Gets whether copies from pinned memory may overlap with computing.</summary>
    /// <value>The default is <see langword="false"/>.</value>
    public bool NonBlocking { get; init; }

    /// <summary>Gets whether the first and the third channel are exchanged.</summary>
    internal bool ExchangesChannels => BgrToRgb || RgbToBgr;

    /// <summary>Finds what is wrong.</summary>
    /// <returns>What and what to do; <see langword="null"/> if nothing is.</returns>
    internal string? Wrong() =>
        BgrToRgb && RgbToBgr ? "BgrToRgb and RgbToBgr are both true; each exchanges the first and the third channel. Set the one that says how images come."
        : Mean is null != Std is null ? $"{(Mean is null ? "Std" : "Mean")} is set, but {(Mean is null ? "Mean" : "Std")} is not. Set both to normalise, or none."
        : WrongCount(nameof(Mean), Mean) ?? WrongCount(nameof(Std), Std)
        ?? (PadSizeDivisor < 1 ? $"PadSizeDivisor is {PadSizeDivisor}; it must be at least 1. Use 1 to pad to the largest image of a batch only." : null);

    private static string? WrongCount(string name, IReadOnlyList<double>? values) => values is null or { Count: 1 or 3 }
        ? null
        : $"{name} has {values.Count} values; it must have 3, or 1 for all channels. Give one for each of red, green and blue, or one for grey images.";
}
