namespace Compat.Legacy;

/// <summary>Where a schedule ends: at a value, or at a part of the initial one.</summary>
internal readonly struct AnnealingEnd
{
    private readonly double? value;
    private readonly double? ratio;

    /// <summary>Takes the one of the two that is set.</summary>
    /// <exception cref="ArgumentException">Both are set, or none is.</exception>
    public AnnealingEnd(double? value, double? ratio, string option)
    {
        if (value is null == ratio is null)
        {
            throw new ArgumentException(
                value is null
                    ? $"Neither {option} nor {option}Ratio is set. Set one of them: the value at the end, or its ratio to the initial one."
                    : $"{option} is {value} and {option}Ratio is {ratio}; only one of them can be set.",
                nameof(value));
        }

        this.value = value;
        this.ratio = ratio;
    }

    /// <summary>Gets the value at the end of a group that begins with another one.</summary>
    public double From(double initial) => ratio is { } part ? initial * part : value!.Value;
}
