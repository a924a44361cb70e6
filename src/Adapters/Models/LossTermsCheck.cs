using System.Globalization;
using Compat.Adapters.Diagnostics;
using Compat.Torch.Training;

namespace Compat.Adapters.Models;

/// <summary>Compares the total of the terms with the model's own loss, of one step, when both are read.</summary>
/// <param name="model">The name of the model.</param>
/// <param name="step">The number of the step, from 0.</param>
/// <param name="sizes">What a mean in place of a sum would have divided by: the number of samples, or of elements of a term.</param>
internal sealed class LossTermsCheck(string model, int step, IReadOnlyList<int> sizes) : IScalarSink
{
    private const double Tolerance = 1e-5;

    private double total;

    /// <summary>Takes the total (0), then the model's own loss (1).</summary>
    /// <exception cref="CompatException">They differ: COMPAT0106.</exception>
    public void Resolve(int slot, double value)
    {
        if (slot == 0)
        {
            total = value;
        }
        else if (double.IsFinite(total) && double.IsFinite(value) && Math.Abs(total - value) > Tolerance * Math.Max(Math.Abs(total), Math.Abs(value)))
        {
            throw new CompatException(new CompatDiagnostic("COMPAT0106", string.Create(
                CultureInfo.InvariantCulture,
                $"The terms of {model} add up to {total:R}, but its own loss is {value:R} (iteration {step} of this training, counted from 0). {Cause(value / total)}")));
        }
    }

    private string Cause(double factor)
    {
        int size = sizes.FirstOrDefault(size => size > 1 && (IsNear(factor, size) || IsNear(1 / factor, size)));
        return (size, factor) switch
        {
            (0, _) => string.Create(CultureInfo.InvariantCulture, $"The factor is {factor:G6}. Name every term of the loss, give each the reduction and the weight that the model uses, and let each name contain 'loss'."),
            (_, > 1) => $"The loss is {size} times the terms: there is a mean where the model has a sum. Let the step return the elements, with the reduction LossReduction.Sum, or return the sums.",
            _ => $"The terms are {size} times the loss: there is a sum where the model has a mean. Let the step return the elements, with the reduction LossReduction.Mean, or return the means.",
        };
    }

    private static bool IsNear(double value, double expected) => Math.Abs(value - expected) <= 1e-3 * expected;
}
