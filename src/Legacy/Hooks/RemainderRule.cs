namespace Compat.Legacy;

/// <summary>From where the last window of accumulated gradients is counted, which is shorter if the iterations do not divide evenly.</summary>
/// <remarks>
/// With windows of c iterations, the last (count modulo c) iterations share a shorter one. The two rules differ only for a training that was resumed.
/// </remarks>
public enum RemainderRule
{
    /// <summary>Count is the maximum of iterations, whether or not the training was resumed: MMCV from 1.6.2 on.</summary>
    FromStart,

    /// <summary>
    /// Count is what was left when the training was resumed, and its shorter windows begin at the iteration at which they would in a training of that length: too early,
    /// MMCV up to 1.6.1. Where it divides by 0, which ruins the weights, the hooks divide by c. A line in the log says when the rule acts.
    /// </summary>
    FromResume,
}
