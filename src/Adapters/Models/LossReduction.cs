namespace Compat.Adapters.Models;

/// <summary>How a legacy model makes one number of the elements of a loss term.</summary>
public enum LossReduction
{
    /// <summary>It adds them up.</summary>
    Sum,

    /// <summary>It averages them.</summary>
    Mean,
}
