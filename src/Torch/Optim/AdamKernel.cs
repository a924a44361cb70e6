using Compat.Torch.Native;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>The update of Adam and AdamW, which differ in the weight decay alone.</summary>
internal static class AdamKernel
{
    public static IReadOnlyList<string> StateNames { get; } = ["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"];

    public static PthDict OptionsOf(Group group)
    {
        (double beta1, double beta2) = group.Betas;
        return new PthDict
        {
            ["betas"] = new PthSequence(PthSequenceKind.Tuple, beta1, beta2),
            ["eps"] = group.Settings.Eps,
            ["weight_decay"] = group.Settings.WeightDecay,
            ["amsgrad"] = group.Settings.Amsgrad,
            ["maximize"] = group.Settings.Maximize,
        };
    }

    public static void SetOptions(Group group, PthDict options)
    {
        group.Betas = OptimizerStateDict.Pair(options, "betas") ?? group.Betas;
        group.Settings = group.Settings with
        {
            Eps = OptimizerStateDict.Number(options, "eps") ?? group.Settings.Eps,
            WeightDecay = OptimizerStateDict.Number(options, "weight_decay") ?? group.Settings.WeightDecay,
            Amsgrad = OptimizerStateDict.Flag(options, "amsgrad") ?? group.Settings.Amsgrad,
            Maximize = OptimizerStateDict.Flag(options, "maximize") ?? group.Settings.Maximize,
        };
    }

    public static void Update(Group group, UpdateBatch batch, Implementation implementation, bool isDecoupled)
    {
        FusedAdamOptions settings = group.Settings;
        (double beta1, double beta2) = group.Betas;
        Tensor[] weights = [.. batch.Parameters];
        Tensor[] steps = batch.Steps(onDevice: implementation != Implementation.PerParameter);
        Tensor[] first = batch.OfZeros("exp_avg");
        Tensor[] second = batch.OfZeros("exp_avg_sq");
        Tensor[] maxima = settings.Amsgrad ? batch.OfZeros("max_exp_avg_sq") : UpdateBatch.None;
        switch (implementation)
        {
            case Implementation.Fused:
                TorchKernels.Call(
                    "fused_adam", weights, batch.Gradients, first, second, maxima, steps, group.LearningRate, beta1, beta2, settings.WeightDecay,
                    settings.Eps, settings.Amsgrad, settings.Maximize, isDecoupled, batch.GradScale, batch.FoundInf);
                break;
            case Implementation.Foreach:
                // The counts are on the device, in float32, where beta^t - 1 would be a small difference of two rounded numbers; expm1(t · log(beta)) is exact to the last bits.
                TorchKernels.Call(
                    "foreach_adam", weights, batch.Gradients, first, second, maxima, steps, group.LearningRate, beta1, beta2, settings.WeightDecay,
                    settings.Eps, settings.Amsgrad, settings.Maximize, isDecoupled, Math.Log(beta1), Math.Log(beta2));
                break;
            default:
                for (int i = 0; i < weights.Length; i++)
                {
                    UpdateOne(group, weights[i], batch.Gradients[i], first[i], second[i], settings.Amsgrad ? maxima[i] : null, steps[i], isDecoupled);
                }

                break;
        }
    }

    private static void UpdateOne(
        Group group, Tensor weight, Tensor gradient, Tensor first, Tensor second, Tensor? maximum, Tensor step, bool isDecoupled)
    {
        FusedAdamOptions settings = group.Settings;
        (double beta1, double beta2) = group.Betas;
        double count = HostRead.Local<float>(step.add_(1));
        Tensor direction = settings.Maximize ? -gradient : gradient;
        if (settings.WeightDecay != 0 && isDecoupled)
        {
            weight.mul_(1 - (group.LearningRate * settings.WeightDecay));
        }
        else if (settings.WeightDecay != 0)
        {
            direction = direction.add(weight, alpha: settings.WeightDecay);
        }

        first.lerp_(direction, 1 - beta1);
        second.mul_(beta2).addcmul_(direction, direction, value: 1 - beta2);
        maximum?.copy_(maximum.maximum(second));
        double size = group.LearningRate / (1 - Math.Pow(beta1, count));
        Tensor divisor = ((maximum ?? second).sqrt() / Math.Sqrt(1 - Math.Pow(beta2, count))).add_(settings.Eps);
        weight.addcdiv_(first, divisor, value: -size);
    }

    /// <summary>A group whose betas can be scheduled.</summary>
    internal sealed class Group(FusedAdamOptions settings) : ParamGroup, optim.IBetas
    {
        public FusedAdamOptions Settings { get; set; } = settings;

        public (double, double) Betas { get; set; } = (settings.Beta1, settings.Beta2);
    }
}
