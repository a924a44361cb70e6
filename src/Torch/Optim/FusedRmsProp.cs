using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>
/// RMSprop: <c>v ← α v + (1 - α) g²</c>, <c>w ← w - lr · g / (√v + eps)</c>, with momentum <c>b ← momentum · b + g / (√v + eps)</c>,
/// <c>w ← w - lr · b</c>.
/// </summary>
/// <remarks>
/// State: <c>step</c>, <c>square_avg</c>, <c>momentum_buffer</c>, <c>grad_avg</c>. There is no fused kernel; list operations are the fastest. Source:
/// PyTorch <c>torch.optim.RMSprop</c>.
/// </remarks>
public sealed class FusedRmsProp : FusedOptimizer<FusedRmsPropOptions>
{
    /// <summary>Makes the optimizer.</summary>
    /// <param name="parameters">The parameters. Borrowed.</param>
    /// <param name="options">The settings; <see langword="null"/> for the defaults.</param>
    /// <param name="implementation">How to compute: by list operations, or one parameter at a time. The default is <see cref="Implementation.Auto"/>.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or there is no parameter.</exception>
    public FusedRmsProp(IEnumerable<Parameter> parameters, FusedRmsPropOptions? options = null, Implementation implementation = Implementation.Auto)
        : this([new(parameters, options ?? new())], implementation)
    {
    }

    /// <summary>Makes the optimizer with several groups.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="implementation">How to compute. The default is <see cref="Implementation.Auto"/>.</param>
    /// <param name="defaults">What holds for groups that are added without settings; <see langword="null"/> for the first group's settings.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or a parameter is listed twice.</exception>
    public FusedRmsProp(
        IEnumerable<ParameterGroup<FusedRmsPropOptions>> groups, Implementation implementation = Implementation.Auto, FusedRmsPropOptions? defaults = null)
        : base(groups, implementation, defaults)
    {
    }

    private protected override bool HasFusedKernel => false;

    private protected override IReadOnlyList<string> StateNames => ["step", "square_avg", "momentum_buffer", "grad_avg"];

    private protected override ParamGroup MakeGroup(FusedRmsPropOptions options) => new Group(options);

    private protected override PthDict OptionsOf(ParamGroup group)
    {
        Group own = (Group)group;
        return new PthDict
        {
            ["momentum"] = own.Momentum,
            ["alpha"] = own.Settings.Alpha,
            ["eps"] = own.Settings.Eps,
            ["centered"] = own.Settings.Centered,
            ["weight_decay"] = own.Settings.WeightDecay,
            ["maximize"] = own.Settings.Maximize,
        };
    }

    private protected override void SetOptions(ParamGroup group, PthDict options)
    {
        Group own = (Group)group;
        own.Momentum = OptimizerStateDict.Number(options, "momentum") ?? own.Momentum;
        own.Settings = own.Settings with
        {
            Alpha = OptimizerStateDict.Number(options, "alpha") ?? own.Settings.Alpha,
            Eps = OptimizerStateDict.Number(options, "eps") ?? own.Settings.Eps,
            Centered = OptimizerStateDict.Flag(options, "centered") ?? own.Settings.Centered,
            WeightDecay = OptimizerStateDict.Number(options, "weight_decay") ?? own.Settings.WeightDecay,
            Maximize = OptimizerStateDict.Flag(options, "maximize") ?? own.Settings.Maximize,
        };
    }

    private protected override void Update(ParamGroup group, UpdateBatch batch, Implementation implementation)
    {
        Group own = (Group)group;
        FusedRmsPropOptions settings = own.Settings;
        Tensor[] weights = [.. batch.Parameters];
        foreach (Tensor step in batch.Steps(onDevice: false))
        {
            step.add_(1);                                             // only kept because PyTorch keeps it
        }

        Tensor[] squares = batch.OfZeros("square_avg");
        Tensor[] buffers = own.Momentum > 0 ? batch.OfZeros("momentum_buffer") : UpdateBatch.None;   // in the order of PyTorch's state
        Tensor[] means = settings.Centered ? batch.OfZeros("grad_avg") : UpdateBatch.None;
        if (implementation == Implementation.Foreach)
        {
            TorchKernels.Call(
                "foreach_rmsprop", weights, batch.Gradients, squares, means, buffers, own.LearningRate, settings.Alpha, settings.Eps,
                settings.WeightDecay, own.Momentum, settings.Centered, settings.Maximize);
            return;
        }

        for (int i = 0; i < weights.Length; i++)
        {
            UpdateOne(own, weights[i], batch.Gradients[i], squares[i], settings.Centered ? means[i] : null, own.Momentum > 0 ? buffers[i] : null);
        }
    }

    private static void UpdateOne(Group group, Tensor weight, Tensor gradient, Tensor square, Tensor? mean, Tensor? buffer)
    {
        FusedRmsPropOptions settings = group.Settings;
        Tensor direction = settings.Maximize ? -gradient : gradient;
        direction = settings.WeightDecay == 0 ? direction : direction.add(weight, alpha: settings.WeightDecay);
        square.mul_(settings.Alpha).addcmul_(direction, direction, value: 1 - settings.Alpha);
        mean?.lerp_(direction, 1 - settings.Alpha);
        Tensor divisor = (mean is null ? square.sqrt() : square.addcmul(mean, mean, value: -1).sqrt_()).add_(settings.Eps);
        if (buffer is null)
        {
            weight.addcdiv_(direction, divisor, value: -group.LearningRate);
        }
        else
        {
            buffer.mul_(group.Momentum).addcdiv_(direction, divisor, value: 1);
            weight.add_(buffer, alpha: -group.LearningRate);
        }
    }

    private sealed class Group(FusedRmsPropOptions settings) : ParamGroup, optim.IMomentum
    {
        public FusedRmsPropOptions Settings { get; set; } = settings;

        public double Momentum { get; set; } = settings.Momentum;
    }
}
