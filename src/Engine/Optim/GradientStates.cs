using Compat.Torch.Native;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Saves and restores the gradients of a window of accumulation that is not over.</summary>
internal static class GradientStates
{
    /// <summary>Gives the gradients by the number of their parameter, counted through all groups. Copies on the CPU; fresh.</summary>
    public static PthDict Save(optim.Optimizer optimizer)
    {
        PthDict saved = [];
        foreach ((int number, Parameter parameter) in ParametersOf(optimizer).Index())
        {
            if (parameter.grad is { } gradient)
            {
                saved.Set(number, new PthTensor(HostRead.ToCpu(gradient.detach()).clone()));
            }
        }

        return saved;
    }

    /// <summary>Checks whether gradients fit.</summary>
    /// <exception cref="PthException">One does not.</exception>
    public static void Check(optim.Optimizer optimizer, PthDict saved)
    {
        Parameter[] parameters = ParametersOf(optimizer);
        foreach ((PthValue key, PthValue value) in saved)
        {
            if (key is not PthInteger { Value: var number }
                || number < 0
                || number >= parameters.Length
                || value is not PthTensor gradient
                || !gradient.Value.shape.SequenceEqual(parameters[(int)number].shape)
                || gradient.Value.is_complex() != parameters[(int)number].is_complex()
                || !(gradient.Value.is_floating_point() || gradient.Value.is_complex()))
            {
                throw new PthException(
                    $"A saved gradient does not fit any of the optimizer's {parameters.Length} parameters. Load the progress of the optimizer that trained this model.");
            }
        }
    }

    /// <summary>Replaces all gradients; parameters without a saved one have none.</summary>
    public static void Load(optim.Optimizer optimizer, PthDict saved)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<PthValue, PthValue> byNumber = saved.ToDictionary();
        foreach ((int number, Parameter parameter) in ParametersOf(optimizer).Index())
        {
            parameter.grad = byNumber.TryGetValue(number, out PthValue? value) && value is PthTensor gradient
                ? gradient.Value.to(parameter.dtype).to(parameter.device).clone()
                : null;
        }
    }

    private static Parameter[] ParametersOf(optim.Optimizer optimizer) => [.. OptimizerGroup.Of(optimizer).SelectMany(group => group.Parameters)];
}
