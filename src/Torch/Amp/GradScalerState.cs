namespace Compat.Torch.Amp;

/// <summary>What a checkpoint keeps of a <see cref="GradScaler"/>. The keys in a file are PyTorch's, named with each property.</summary>
/// <param name="Scale">The scale: <c>scale</c>.</param>
/// <param name="GrowthFactor">Growth: <c>growth_factor</c>.</param>
/// <param name="BackoffFactor">Backoff: <c>backoff_factor</c>.</param>
/// <param name="GrowthInterval">Interval of growth: <c>growth_interval</c>.</param>
/// <param name="GrowthTracker">Updates without infinities since the last change: <c>_growth_tracker</c>.</param>
public sealed record GradScalerState(double Scale, double GrowthFactor, double BackoffFactor, int GrowthInterval, int GrowthTracker);
