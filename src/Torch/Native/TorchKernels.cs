using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Native;

/// <summary>Operators that libtorch has and TorchSharp does not bind, called through one fixed TorchScript that is compiled once.</summary>
/// <remarks>
/// Text from outside must never get in here: a script that does not compile ends the process. <see langword="null"/> stands for Python's None.
/// </remarks>
internal static class TorchKernels
{
    private const string Script = """
        def fused_sgd(params: List[Tensor], grads: List[Tensor], buffers: List[Tensor], lr: float, momentum: float, dampening: float,
                      weight_decay: float, nesterov: bool, maximize: bool, first: bool, grad_scale: Optional[Tensor], found_inf: Optional[Tensor]):
            torch._fused_sgd_(params, grads, buffers, weight_decay=weight_decay, momentum=momentum, lr=lr, dampening=dampening, nesterov=nesterov,
                              maximize=maximize, is_first_step=first, grad_scale=grad_scale, found_inf=found_inf)

        def foreach_sgd(params: List[Tensor], grads: List[Tensor], buffers: List[Tensor], lr: float, momentum: float, dampening: float,
                        weight_decay: float, nesterov: bool, maximize: bool, first: bool):
            if maximize:
                grads = torch._foreach_neg(grads)
            if weight_decay != 0.0:
                grads = torch._foreach_add(grads, params, alpha=weight_decay)
            if momentum != 0.0:
                if first:
                    torch._foreach_copy_(buffers, grads)
                else:
                    torch._foreach_mul_(buffers, momentum)
                    torch._foreach_add_(buffers, grads, alpha=1.0 - dampening)
                if nesterov:
                    grads = torch._foreach_add(grads, buffers, alpha=momentum)
                else:
                    grads = buffers
            torch._foreach_add_(params, grads, alpha=-lr)

        def fused_adam(params: List[Tensor], grads: List[Tensor], first: List[Tensor], second: List[Tensor], maxima: List[Tensor],
                       steps: List[Tensor], lr: float, beta1: float, beta2: float, weight_decay: float, eps: float, amsgrad: bool, maximize: bool,
                       decoupled: bool, grad_scale: Optional[Tensor], found_inf: Optional[Tensor]):
            torch._foreach_add_(steps, 1)
            if decoupled:
                torch._fused_adamw_(params, grads, first, second, maxima, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay,
                                    eps=eps, amsgrad=amsgrad, maximize=maximize, grad_scale=grad_scale, found_inf=found_inf)
            else:
                torch._fused_adam_(params, grads, first, second, maxima, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay,
                                   eps=eps, amsgrad=amsgrad, maximize=maximize, grad_scale=grad_scale, found_inf=found_inf)
            if found_inf is not None:
                skipped = found_inf
                torch._foreach_sub_(steps, [skipped for step in steps])

        def foreach_adam(params: List[Tensor], grads: List[Tensor], first: List[Tensor], second: List[Tensor], maxima: List[Tensor],
                         steps: List[Tensor], lr: float, beta1: float, beta2: float, weight_decay: float, eps: float, amsgrad: bool,
                         maximize: bool, decoupled: bool, log_beta1: float, log_beta2: float):
            torch._foreach_add_(steps, 1)
            if maximize:
                grads = torch._foreach_neg(grads)
            if weight_decay != 0.0:
                if decoupled:
                    torch._foreach_mul_(params, 1.0 - lr * weight_decay)
                else:
                    grads = torch._foreach_add(grads, params, alpha=weight_decay)
            torch._foreach_lerp_(first, grads, 1.0 - beta1)
            torch._foreach_mul_(second, beta2)
            torch._foreach_addcmul_(second, grads, grads, 1.0 - beta2)
            size = torch._foreach_mul(steps, log_beta1)
            torch._foreach_expm1_(size)
            torch._foreach_div_(size, lr)
            torch._foreach_reciprocal_(size)
            root = torch._foreach_mul(steps, log_beta2)
            torch._foreach_expm1_(root)
            torch._foreach_neg_(root)
            torch._foreach_sqrt_(root)
            if amsgrad:
                torch._foreach_maximum_(maxima, second)
                divisor = torch._foreach_sqrt(maxima)
            else:
                divisor = torch._foreach_sqrt(second)
            torch._foreach_div_(divisor, root)
            torch._foreach_add_(divisor, eps)
            torch._foreach_div_(divisor, size)
            torch._foreach_addcdiv_(params, first, divisor)

        def fused_adagrad(params: List[Tensor], grads: List[Tensor], sums: List[Tensor], steps: List[Tensor], lr: float, lr_decay: float,
                          weight_decay: float, eps: float, maximize: bool, grad_scale: Optional[Tensor], found_inf: Optional[Tensor]):
            torch._foreach_add_(steps, 1)
            torch._fused_adagrad_(params, grads, sums, steps, lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps, maximize=maximize,
                                  grad_scale=grad_scale, found_inf=found_inf)
            if found_inf is not None:
                skipped = found_inf
                torch._foreach_sub_(steps, [skipped for step in steps])

        def foreach_rmsprop(params: List[Tensor], grads: List[Tensor], squares: List[Tensor], means: List[Tensor], buffers: List[Tensor],
                            lr: float, alpha: float, eps: float, weight_decay: float, momentum: float, centered: bool, maximize: bool):
            if maximize:
                grads = torch._foreach_neg(grads)
            if weight_decay != 0.0:
                grads = torch._foreach_add(grads, params, alpha=weight_decay)
            torch._foreach_mul_(squares, alpha)
            torch._foreach_addcmul_(squares, grads, grads, 1.0 - alpha)
            if centered:
                torch._foreach_lerp_(means, grads, 1.0 - alpha)
                divisor = torch._foreach_addcmul(squares, means, means, -1.0)
                torch._foreach_sqrt_(divisor)
            else:
                divisor = torch._foreach_sqrt(squares)
            torch._foreach_add_(divisor, eps)
            if momentum > 0.0:
                torch._foreach_mul_(buffers, momentum)
                torch._foreach_addcdiv_(buffers, grads, divisor)
                torch._foreach_add_(params, buffers, alpha=-lr)
            else:
                torch._foreach_addcdiv_(params, grads, divisor, -lr)

        def norms(tensors: List[Tensor], order: float) -> List[Tensor]:
            return torch._foreach_norm(tensors, order)

        def versions(tensors: List[Tensor]) -> int:
            total = 0
            for tensor in tensors:
                total += tensor._version()
            return total

        def negated_view(tensor: Tensor) -> Tensor:
            return torch._neg_view(tensor)

        def multiply(tensors: List[Tensor], factor: Tensor):
            torch._foreach_mul_(tensors, factor)

        def check_and_unscale(grads: List[Tensor], found_inf: Tensor, inverse_scale: Tensor):
            torch._amp_foreach_non_finite_check_and_unscale_(grads, found_inf, inverse_scale)

        def update_scale(scale: Tensor, tracker: Tensor, found_inf: Tensor, growth: float, backoff: float, interval: int):
            torch._amp_update_scale_(scale, tracker, found_inf, growth, backoff, interval)
        """;

    private static readonly Lazy<jit.CompilationUnit> Unit = new(static () =>
    {
        TorchEnvironment.EnsureLoaded();
        return jit.compile(Script + "\n");                            // a last line without an end does not parse
    });

    /// <summary>Calls an operator that returns nothing.</summary>
    /// <param name="name">The function in the script.</param>
    /// <param name="arguments">Its arguments: tensors, arrays of tensors, numbers, truth values or null.</param>
    public static void Call(string name, params object?[] arguments) => Invoke(name, arguments);

    /// <summary>Adds up how often tensors were written to in place.</summary>
    /// <param name="tensors">The tensors. Borrowed.</param>
    /// <returns>The sum of autograd's version counters.</returns>
    public static long Versions(Tensor[] tensors)
    {
        using Scalar sum = (Scalar)Invoke("versions", [tensors])!;
        return sum.ToInt64();
    }

    /// <summary>Computes the norm of each tensor.</summary>
    /// <param name="tensors">The tensors, all on one device. Borrowed.</param>
    /// <param name="order">Which norm.</param>
    /// <returns>0-d tensors; fresh.</returns>
    public static Tensor[] Norms(Tensor[] tensors, double order) => (Tensor[])Invoke("norms", tensors, order)!;

    /// <summary>Shows a tensor negated.</summary>
    /// <param name="tensor">The tensor. Borrowed.</param>
    /// <returns>A view of the same storage; fresh.</returns>
    public static Tensor NegatedView(Tensor tensor) => (Tensor)Invoke("negated_view", tensor)!;

    private static object? Invoke(string name, params object?[] arguments)
    {
        KernelNumbers.Of(name).PutInto(arguments);
        return Unit.Value.invoke(name, arguments!);
    }
}
