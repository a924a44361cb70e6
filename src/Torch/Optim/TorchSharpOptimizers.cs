using System.Diagnostics.CodeAnalysis;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Optim;

/// <summary>TorchSharp's own optimizers by PyTorch's names of what they remember.</summary>
internal static class TorchSharpOptimizers
{
    private static readonly Dictionary<Type, IOptimizerLayout> Layouts = new()
    {
        [typeof(SGD)] = new OptimizerLayout<SGD.State, SGD.Options>
        {
            Tensors = [("momentum_buffer", state => ref state.momentum_buffer!)],
            Settings = [("momentum", own => ref own.momentum), ("dampening", own => ref own.dampening), ("weight_decay", own => ref own.weight_decay)],
            Flags = [("nesterov", own => ref own.nesterov), ("maximize", own => ref own.maximize)],
        },
        [typeof(Adam)] = new OptimizerLayout<Adam.State, Adam.Options>
        {
            Step = state => ref state.step,
            Tensors = [("exp_avg", state => ref state.exp_avg!), ("exp_avg_sq", state => ref state.exp_avg_sq!), ("max_exp_avg_sq", state => ref state.max_exp_avg_sq!)],
            Pairs = [("betas", own => ref own.beta1, own => ref own.beta2)],
            Settings = [("eps", own => ref own.eps), ("weight_decay", own => ref own.weight_decay)],
            Flags = [("amsgrad", own => ref own.amsgrad), ("maximize", own => ref own.maximize)],
        },
        [typeof(AdamW)] = new OptimizerLayout<AdamW.State, AdamW.Options>
        {
            Step = state => ref state.step,
            Tensors = [("exp_avg", state => ref state.exp_avg!), ("exp_avg_sq", state => ref state.exp_avg_sq!), ("max_exp_avg_sq", state => ref state.max_exp_avg_sq!)],
            Pairs = [("betas", own => ref own.beta1, own => ref own.beta2)],
            Settings = [("eps", own => ref own.eps), ("weight_decay", own => ref own.weight_decay)],
            Flags = [("amsgrad", own => ref own.amsgrad), ("maximize", own => ref own.maximize)],
        },
        [typeof(Adagrad)] = new OptimizerLayout<Adagrad.State, Adagrad.Options>
        {
            Step = state => ref state.step,
            Tensors = [("sum", state => ref state.sum!)],
            Settings =
            [
                ("lr_decay", own => ref own.lr_decay), ("eps", own => ref own.eps), ("weight_decay", own => ref own.weight_decay),
                ("initial_accumulator_value", own => ref own.initial_accumulator_value),
            ],
        },
        [typeof(RMSProp)] = new OptimizerLayout<RMSProp.State, RMSProp.Options>
        {
            Step = state => ref state.step,
            Tensors = [("square_avg", state => ref state.square_avg!), ("momentum_buffer", state => ref state.momentum_buffer!), ("grad_avg", state => ref state.grad_avg!)],
            Settings =
            [
                ("momentum", own => ref own.momentum), ("alpha", own => ref own.alpha), ("eps", own => ref own.eps), ("weight_decay", own => ref own.weight_decay),
            ],
            Flags = [("centered", own => ref own.centered), ("maximize", own => ref own.maximize)],
        },
        [typeof(Adadelta)] = new OptimizerLayout<Adadelta.State, Adadelta.Options>
        {
            Step = state => ref state.step,
            Tensors = [("square_avg", state => ref state.square_avg!), ("acc_delta", state => ref state.acc_delta!)],
            Settings = [("rho", own => ref own.rho), ("eps", own => ref own.eps), ("weight_decay", own => ref own.weight_decay)],
            Flags = [("maximize", own => ref own.maximize)],
        },
        [typeof(Adamax)] = new OptimizerLayout<Adamax.State, Adamax.Options>
        {
            Step = state => ref state.step,
            Tensors = [("exp_avg", state => ref state.exp_avg!), ("exp_inf", state => ref state.exp_inf!)],
            Pairs = [("betas", own => ref own.beta1, own => ref own.beta2)],
            Settings = [("eps", own => ref own.eps), ("weight_decay", own => ref own.weight_decay)],
        },
        [typeof(NAdam)] = new OptimizerLayout<NAdam.State, NAdam.Options>
        {
            Step = state => ref state.step,
            Numbers = [("mu_product", state => ref state.mu_product)],
            Tensors = [("exp_avg", state => ref state.exp_avg!), ("exp_avg_sq", state => ref state.exp_avg_sq!)],
            Pairs = [("betas", own => ref own.beta1, own => ref own.beta2)],
            Settings = [("eps", own => ref own.eps), ("weight_decay", own => ref own.weight_decay), ("momentum_decay", own => ref own.momentum_decay)],
        },
        [typeof(RAdam)] = new OptimizerLayout<RAdam.State, RAdam.Options>
        {
            Step = state => ref state.step,
            Tensors = [("exp_avg", state => ref state.exp_avg!), ("exp_avg_sq", state => ref state.exp_avg_sq!)],
            Pairs = [("betas", own => ref own.beta1, own => ref own.beta2)],
            Settings = [("eps", own => ref own.eps), ("weight_decay", own => ref own.weight_decay)],
        },
        [typeof(Rprop)] = new OptimizerLayout<Rprop.State, Rprop.Options>
        {
            Step = state => ref state.step,
            Tensors = [("prev", state => ref state.prev!), ("step_size", state => ref state.step_size!)],
            Pairs = [("etas", own => ref own.etaminus, own => ref own.etaplus), ("step_sizes", own => ref own.min_step, own => ref own.max_step)],
            Settings = [],
            Flags = [("maximize", own => ref own.maximize)],
        },
        [typeof(ASGD)] = new OptimizerLayout<ASGD.State, ASGD.Options>
        {
            Step = state => ref state.step,
            Numbers = [("eta", state => ref state.eta), ("mu", state => ref state.mu)],
            Tensors = [("ax", state => ref state.ax!)],
            Settings =
            [
                ("lambd", own => ref own.lambd), ("alpha", own => ref own.alpha), ("t0", own => ref own.t0), ("weight_decay", own => ref own.weight_decay),
            ],
            Flags = [("maximize", own => ref own.maximize)],
        },
    };

    /// <summary>Gives access to an optimizer's state.</summary>
    /// <exception cref="NotSupportedException">It is none of TorchSharp's, or one that needs a closure.</exception>
    public static IOptimizerStates StatesOf(optim.Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        return TryFind(optimizer, out IOptimizerLayout? layout) ? new TorchSharpStates((OptimizerHelper)optimizer, layout) : throw Unknown(optimizer);
    }

    /// <summary>Gives access to a group's settings; to none, if the optimizer is none of TorchSharp's.</summary>
    public static GroupSettings SettingsOf(optim.Optimizer optimizer, ParamGroup group) => TryFind(optimizer, out IOptimizerLayout? layout)
        ? new(() => layout.Save(group.Options), saved => layout.Load(group.Options, saved))
        : GroupSettings.None;

    /// <summary>Copies an optimizer's default settings.</summary>
    public static OptimizerOptions CopyOf(optim.Optimizer optimizer, OptimizerOptions defaults)
    {
        OptimizerOptions copy = TryFind(optimizer, out IOptimizerLayout? layout) ? layout.Copy(defaults) : new();
        copy.LearningRate = defaults.LearningRate;
        return copy;
    }

    /// <summary>Tells whether an optimizer's state can be saved and loaded, by TorchSharp's layout or by itself.</summary>
    public static bool IsKnown(optim.Optimizer optimizer) => optimizer is IStatefulOptimizer || TryFind(optimizer, out _);

    /// <summary>Tells whether an optimizer is one of TorchSharp's, or derived from one.</summary>
    public static bool IsTheirs(optim.Optimizer optimizer) => TryFind(optimizer, out _);

    /// <summary>Says that an optimizer cannot be trained with, and what can.</summary>
    public static NotSupportedException Unknown(optim.Optimizer optimizer) => new(
        $"{optimizer.GetType().Name} cannot be trained with here: it needs a closure, or nobody knows its groups and its state, so that a checkpoint could "
        + "not hold it. Use FusedSgd, FusedAdam, FusedAdamW, FusedAdagrad or FusedRmsProp, or TorchSharp's SGD, Adam, AdamW, Adagrad, Adadelta, Adamax, "
        + "NAdam, RAdam, RMSProp, Rprop or ASGD. One of your own derives from TorchSharp.Modules.OptimizerHelper and implements "
        + "Compat.Torch.Optim.IStatefulOptimizer.");

    // One that is derived from TorchSharp's has its state too.
    private static bool TryFind(optim.Optimizer optimizer, [NotNullWhen(true)] out IOptimizerLayout? layout)
    {
        layout = null;
        for (Type? type = optimizer.GetType(); type is not null && layout is null; type = type.BaseType)
        {
            Layouts.TryGetValue(type, out layout);
        }

        return layout is not null;
    }
}
