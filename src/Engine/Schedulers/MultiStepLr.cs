using Compat.Torch.Optim;

namespace Compat.Engine.Schedulers;

/// <summary>Multiplies the learning rate by a factor at given steps; see <see cref="MultiStepParamScheduler"/>.</summary>
/// <param name="groups">The groups.</param>
/// <param name="options">Steps and factor.</param>
public sealed class MultiStepLr(IReadOnlyList<OptimizerGroup> groups, MultiStepLrOptions options)
    : MultiStepParamScheduler(groups, ScheduledParameter.Lr, options.Milestones, options.Gamma, options);
