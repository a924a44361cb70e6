using Compat.Torch.Serialization;
using TorchSharp.Modules;

namespace Compat.Torch.Optim;

/// <summary>
/// Adam: steps of a size that follows from the mean and the variance of the gradient; the weight decay is added to the gradient.
/// </summary>
/// <remarks>
/// <c>m ← β1 m + (1 - β1) g</c>, <c>v ← β2 v + (1 - β2) g²</c>, <c>w ← w - lr / (1 - β1^t) · m / (√v / √(1 - β2^t) + eps)</c>. State: <c>step</c>,
/// <c>exp_avg</c>, <c>exp_avg_sq</c>, <c>max_exp_avg_sq</c>. Source: PyTorch <c>torch.optim.Adam</c>.
/// </remarks>
public sealed class FusedAdam : FusedOptimizer<FusedAdamOptions>
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="parameters">The parameters. Borrowed.</param>
    /// <param name="options">The settings; <see langword="null"/> for the defaults.</param>
    /// <param name="implementation">How to compute. The default is <see cref="Implementation.Auto"/>.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or there is no parameter.</exception>
    public FusedAdam(IEnumerable<Parameter> parameters, FusedAdamOptions? options = null, Implementation implementation = Implementation.Auto)
        : this([new(parameters, options ?? new())], implementation)
    {
    }

    /// <summary>Makes the optimizer with several groups.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="implementation">How to compute. The default is <see cref="Implementation.Auto"/>.</param>
    /// <param name="defaults">What holds for groups that are added without settings; <see langword="null"/> for the first group's settings.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or a parameter is listed twice.</exception>
    public FusedAdam(
        IEnumerable<ParameterGroup<FusedAdamOptions>> groups, Implementation implementation = Implementation.Auto, FusedAdamOptions? defaults = null)
        : base(groups, implementation, defaults)
    {
    }

    private protected override IReadOnlyList<string> StateNames => AdamKernel.StateNames;

    private protected override ParamGroup MakeGroup(FusedAdamOptions options) => new AdamKernel.Group(options);

    private protected override PthDict OptionsOf(ParamGroup group) => AdamKernel.OptionsOf((AdamKernel.Group)group);

    private protected override void SetOptions(ParamGroup group, PthDict options) => AdamKernel.SetOptions((AdamKernel.Group)group, options);

    private protected override void Update(ParamGroup group, UpdateBatch batch, Implementation implementation) =>
        AdamKernel.Update((AdamKernel.Group)group, batch, implementation, isDecoupled: false);
}
