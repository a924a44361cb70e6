namespace Compat.Torch.Optim;

/// <summary>Which numbers an optimizer's state may hold, by PyTorch's names.</summary>
/// <remarks>
/// PyTorch's constructors take these, and infinities too; its <c>load_state_dict</c> looks at nothing. What was computed from a damaged number cannot be mended later, so
/// a state is looked at here.
/// </remarks>
internal static class StateRanges
{
    private static readonly NumberRange NotNegative = new(Min: 0);
    private static readonly NumberRange BelowOne = new(Min: 0, Max: 1, IsOpen: true);

    // Whole numbers beyond 2^53 are no longer exact, and no training comes there.
    private static readonly NumberRange Count = new(Min: 0, Max: 9007199254740992, IsWhole: true);

    private static readonly Dictionary<string, NumberRange[]> Ranges = new()
    {
        ["lr"] = [NotNegative],
        ["weight_decay"] = [NotNegative],
        ["momentum"] = [NotNegative],
        ["momentum_decay"] = [NotNegative],
        ["eps"] = [NotNegative],
        ["alpha"] = [NotNegative],
        ["lr_decay"] = [NotNegative],
        ["initial_accumulator_value"] = [NotNegative],
        ["rho"] = [new(Min: 0, Max: 1)],
        ["betas"] = [BelowOne, BelowOne],
        ["etas"] = [BelowOne, new(Min: 1)],
        ["step_sizes"] = [NotNegative, NotNegative],
        ["step"] = [Count],
        ["mu_product"] = [NotNegative],
        ["eta"] = [NotNegative],
        ["mu"] = [NotNegative],
    };

    /// <summary>Finds a number that is out of its range.</summary>
    /// <param name="name">PyTorch's name of the entry.</param>
    /// <param name="numbers">Its one number, or the two of a pair.</param>
    /// <returns>The number, and what it must be; <see langword="null"/> if nothing is wrong.</returns>
    public static (double Number, NumberRange Range)? Wrong(string name, params ReadOnlySpan<double> numbers)
    {
        NumberRange[] ranges = Ranges.GetValueOrDefault(name) ?? [];
        for (int i = 0; i < numbers.Length; i++)
        {
            NumberRange range = i < ranges.Length ? ranges[i] : NumberRange.Finite;
            if (!range.Holds(numbers[i]))
            {
                return (numbers[i], range);
            }
        }

        return null;
    }
}
