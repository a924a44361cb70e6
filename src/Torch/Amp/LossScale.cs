namespace Compat.Torch.Amp;

/// <summary>How losses are scaled: by a fixed number, or by one that adapts. Both originals' <c>loss_scale</c>.</summary>
/// <example><code>
/// LossScale = 512                                                // fixed; updates that overflow are left out all the same
/// LossScale = LossScale.Dynamic                                  // or "dynamic", as in Python
/// LossScale = new GradScalerOptions { InitScale = 1024 }         // Python's dictionary
/// </code></example>
public sealed record LossScale
{
    private LossScale(GradScalerOptions options, double? fixedScale)
    {
        ArgumentNullException.ThrowIfNull(options);
        (Options, Fixed) = (options, fixedScale);
    }

    /// <summary>Gets a scale that adapts, with the settings that are usual.</summary>
    public static LossScale Dynamic { get; } = new(new(), null);

    /// <summary>Gets the settings to make the scaler with.</summary>
    public GradScalerOptions Options { get; }

    /// <summary>Gets what to give to <see cref="GradScaler.Update"/> each time: the fixed scale, or <see langword="null"/> if it adapts.</summary>
    /// <remarks>A state that is loaded replaces a fixed scale, too, until the next update.</remarks>
    public double? Fixed { get; }

    /// <summary>Takes a fixed scale.</summary>
    /// <param name="scale">The scale.</param>
    public static implicit operator LossScale(double scale) => FromDouble(scale);

    /// <summary>Takes the settings of a scale that adapts.</summary>
    /// <param name="options">The settings.</param>
    public static implicit operator LossScale(GradScalerOptions options) => FromGradScalerOptions(options);

    /// <summary>Takes the one scale that has a name, as old configurations write it.</summary>
    /// <param name="name">"dynamic", in lower case.</param>
    /// <exception cref="ArgumentException">It is another text. A number is written without quotes.</exception>
    public static implicit operator LossScale(string name) => FromString(name);

    /// <summary>Takes a fixed scale.</summary>
    /// <param name="scale">The scale.</param>
    /// <returns>The same as a <see cref="LossScale"/>.</returns>
    public static LossScale FromDouble(double scale) => new(new() { InitScale = scale }, scale);

    /// <summary>Takes the settings of a scale that adapts.</summary>
    /// <param name="options">The settings.</param>
    /// <returns>The same as a <see cref="LossScale"/>.</returns>
    public static LossScale FromGradScalerOptions(GradScalerOptions options) => new(options, null);

    /// <summary>Takes the one scale that has a name, as old configurations write it.</summary>
    /// <param name="name">"dynamic", in lower case.</param>
    /// <returns><see cref="Dynamic"/>.</returns>
    /// <exception cref="ArgumentException">It is another text. A number is written without quotes.</exception>
    public static LossScale FromString(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name == "dynamic"
            ? Dynamic
            : throw new ArgumentException($"The loss scale is \"{name}\"; it must be \"dynamic\", a number or GradScalerOptions. Write a number without quotes: LossScale = 512.", nameof(name));
    }
}
